import { closeSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs'
import { createRegistry, openRegistry, readRegistry } from '../../node/store/index.js'
import type { Registry } from '../../src/store.js'
import { ID, member, NOW, SIGNER } from '../../testing/members.js'

// A process that writes to a registry until it is killed, or until it has done what was asked. Each line that it prints is
// something that the registry has acknowledged.

const say = (line: string) => writeSync(1, `${line}\n`) // past every buffer: what is printed was printed before the kill
const [work = '', folder = '', argument = ''] = process.argv.slice(2)
const now = () => NOW
const open = () => openRegistry(folder, { now, signer: SIGNER })

const WORK: Readonly<Record<string, () => Promise<void>>> = {
  /** Opens, and holds the lock. */
  hold: async () => {
    const registry = await open()
    say('held')
    process.stdin.once('data', () => void registry.close().then(() => say('released')))
  },

  /** Admits for ever, eight at a time, and cuts a head or removes a member now and then. */
  admit: async () => {
    const registry = await open()
    say('opened')
    let next = Number(argument)
    const one = async (): Promise<never> => {
      for (;;) {
        const n = next++
        const { index } = await registry.admit(member(n))
        say(`admitted ${n} ${index}`)
        if (n % 50 === 17) say(`head ${(await registry.cutHead()).seq}`)
        if (n % 50 === 41) say(`removed ${index} ${await banned(registry, n)}`)
        if (n % 50 === 33) say(`removed ${index} ${(await registry.remove(index, 'test')).seq}`)
      }
    }
    await Promise.all(Array.from({ length: 8 }, one))
  },

  /** Fills a small disk, is refused, makes room, and goes on. `argument` is the ballast to throw away. */
  fill: async () => {
    await createRegistry(folder, { id: ID, signer: SIGNER, now })
    const registry = await open()
    const full = await untilFull(registry)
    say(`refused ${full.code} ${full.given} after ${registry.size}`)
    const before = registry.size
    await registry.close()
    fillUp(`${argument}.more`)
    await readRegistry(folder, { now }, async ({ size }) => say(`read ${size - before}`))
    await open().catch(({ code, given }) => say(`opened ${code} ${given}`))
    say(`left ${readdirSync(folder).filter((name) => name.startsWith('.')).length}`)
    for (const ballast of [argument, `${argument}.more`]) rmSync(ballast)
    const again = await open()
    await again.admit(member(1_000_000))
    say(`went on ${again.size - before}`)
    await again.close()
    const after = await openRegistry(folder, { now, signer: SIGNER, rebuild: true })
    say(`kept ${after.size - before - 1}`)
    await after.close()
  },

  /** Fills a small disk to its last byte, removes a member, makes room, and publishes. `argument` is the ballast to throw away. */
  remove: async () => {
    await createRegistry(folder, { id: ID, signer: SIGNER, now })
    const registry = await open()
    await registry.admit(member(0))
    await registry.cutHead()
    fillUp(`${argument}.more`)
    const { seq } = await registry.remove(0, 'test')
    const { unpublished } = registry
    say(`removed ${seq} ${unpublished?.code} ${unpublished?.given}`)
    for (const ballast of [argument, `${argument}.more`]) rmSync(ballast)
    say(`published ${(await registry.cutHead()).seq} ${registry.unpublished === undefined}`)
    await registry.close()
    const after = await openRegistry(folder, { now, signer: SIGNER, rebuild: true })
    say(`kept ${after.head.seq} ${after.find(member(0).credential)?.removed}`)
    await after.close()
  },
}

/** Bans the machine of a member, which has no other. Answers with the number of the head that says so. */
async function banned(registry: Registry, n: number): Promise<number> {
  const { machine = new Uint8Array(32) } = member(n)
  return (await registry.ban(machine, 'test')).head.seq
}

/** Takes the last bytes that the disk has. */
function fillUp(path: string): void {
  const file = openSync(path, 'w')
  try {
    for (;;) writeSync(file, new Uint8Array(4096))
  } catch {
    closeSync(file)
  }
}

async function untilFull(registry: Registry): Promise<{ code: string; given: string }> {
  for (let n = 0; ; n++) {
    try {
      await registry.admit(member(n, { evidence: new Uint8Array(4000) }))
    } catch (error) {
      return error as { code: string; given: string }
    }
  }
}

await WORK[work]?.()

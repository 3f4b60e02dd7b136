import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { createRegistry, openRegistry, readRegistry } from '../../node/store/index.js'
import type { Registry } from '../../src/store.js'
import { ID, member, NOW, quickHash, SIGNER } from '../../testing/members.js'

// A process that writes to a registry until it is killed, or until it has done what was asked. Each line that it prints is
// something that the registry has acknowledged.

const say = (line: string) => writeSync(1, `${line}\n`) // past every buffer: what is printed was printed before the kill
const [work = '', folder = '', argument = '', place = ''] = process.argv.slice(2)
const store = place === '' ? undefined : place
const now = () => NOW
const open = () => openRegistry(folder, { now, signer: SIGNER, hash: quickHash, store })

const WORK: Readonly<Record<string, () => Promise<void>>> = {
  /** Opens, and is the one writer. */
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
        const { number } = await registry.admit(member(n))
        say(`admitted ${n} ${number}`)
        if (n % 50 === 17) say(`head ${(await registry.cutHead()).seq}`)
        if (n % 50 === 41) say(`removed ${number} ${await banned(registry, n)}`)
        if (n % 50 === 33)
          say(`removed ${number} ${(await registry.remove(member(n).credential, 'test')).seq}`)
      }
    }
    await Promise.all(Array.from({ length: 8 }, one))
  },

  /** Cuts heads for ever, changed or not. `argument` is how long to wait between two, in milliseconds. */
  sign: async () => {
    const registry = await open()
    say('opened')
    for (;;) {
      const told = await registry.cutHead({ evenIfUnchanged: true }).then(
        ({ seq }) => `head ${seq}`,
        ({ code }) => `refused ${code}`,
      )
      say(told)
      await new Promise((resolve) => setTimeout(resolve, Number(argument)))
    }
  },

  /** Admits some members, as fast as it can. `argument` is the first and how many, with a comma between. */
  some: async () => {
    const registry = await open()
    const [first = 0, count = 0] = argument.split(',').map(Number)
    await Promise.all(
      Array.from({ length: count }, async (_, i) => {
        const told = await registry.admit(member(first + i)).then(
          ({ number }) => `admitted ${first + i} ${number}`,
          ({ code }) => `refused ${first + i} ${code}`,
        )
        say(told)
      }),
    )
    await registry.close()
  },

  /** Reads a registry, and tries to open it for writing. */
  look: async () => {
    await readRegistry(folder, { now }, async (view) => say(`read ${(await view.counts()).admitted}`))
    say(
      await open().then(
        () => 'opened',
        ({ code }) => `refused ${code}`,
      ),
    )
  },

  /** Fills a small disk, is refused, makes room, and goes on. `argument` is the ballast to throw away. */
  fill: async () => {
    await createRegistry(folder, { id: ID, signer: SIGNER, now })
    const registry = await open()
    const full = await untilFull(registry)
    const { admitted } = await registry.counts()
    say(`refused ${full.code} after ${admitted}`)
    await readRegistry(folder, { now }, async (view) =>
      say(`read ${(await view.counts()).admitted - admitted}`),
    )
    rmSync(argument)
    await registry.admit(member(1_000_000))
    say(`went on ${(await registry.counts()).admitted - admitted}`)
    await registry.cutHead()
    await registry.close()
    const after = await openRegistry(folder, { now, signer: SIGNER, hash: quickHash, rebuild: true })
    say(`kept ${(await after.counts()).admitted - admitted - 1}`)
    await after.close()
  },

  /** Fills a small disk to its last byte, tries to remove a member, makes room, and does. `argument` is the ballast. */
  remove: async () => {
    await createRegistry(folder, { id: ID, signer: SIGNER, now })
    const registry = await open()
    await registry.admit(member(0))
    await registry.cutHead()
    fillUp(`${argument}.more`)
    const told = await registry.remove(member(0).credential, 'test').then(
      ({ seq }) => `removed ${seq} ${registry.unpublished?.code ?? 'published'}`,
      ({ code }) => `refused ${code}`,
    )
    say(told)
    for (const ballast of [argument, `${argument}.more`]) rmSync(ballast)
    if (told.startsWith('refused')) await registry.remove(member(0).credential, 'test')
    say(`published ${(await registry.cutHead()).seq} ${registry.unpublished === undefined}`)
    await registry.close()
    const after = await openRegistry(folder, { now, signer: SIGNER, hash: quickHash, rebuild: true })
    say(`kept ${(await after.head()).seq} ${(await after.find(member(0).credential))?.removed}`)
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

async function untilFull(registry: Registry): Promise<{ code: string }> {
  for (let n = 0; ; n++) {
    try {
      await registry.admit(member(n, { evidence: new Uint8Array(4000) }))
    } catch (error) {
      return error as { code: string }
    }
  }
}

await WORK[work]?.()

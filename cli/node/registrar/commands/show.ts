import { bytesArgument, clock, dateOf, drained, type Terminal } from '@vouch/host/node'
import { fieldToBytes, toHex } from '@vouch/protocol'
import type { Member, RegistryView } from '@vouch/registry'
import { MAX_AHEAD, readRegistry } from '@vouch/registry/node'

export interface ShowOptions {
  readonly members?: true
  readonly machine?: string
  readonly json?: true
}

type State = 'live' | 'expired' | 'removed'

/** Members that are read at a time: a registry may hold a million. */
const PAGE = 4096

/** `registrar show`: what a registry holds; for its registrar, since it names machines. A server may be running. */
export async function showRegistryCommand(
  out: Terminal,
  folder: string,
  options: ShowOptions,
): Promise<number> {
  const machine = options.machine === undefined ? undefined : bytesArgument(options.machine, '--machine')
  const now = clock()
  await readRegistry(folder, { now: clock }, async (registry) => {
    const summary = await summaryOf(registry, now)
    const listed =
      options.members === true || machine !== undefined ? described(registry, machine, now) : undefined
    if (options.json) await sayJson(out, summary, listed)
    else await say(out, summary, listed, { now, withMachines: options.members ?? false })
    const warning = clockWarning(summary.head.time, now)
    if (warning !== undefined) out.words(`registrar: warning: ${warning}`)
  })
  return 0
}

/** By how much verifiers' clocks may be behind. */
const CLOCK_SKEW = 120

/** What an operator must know before the next head is cut, or instead of it. */
function clockWarning(time: number, now: number): string | undefined {
  const given = `head ${dateOf(time)}, clock ${dateOf(now)}`
  if (time - now > CLOCK_SKEW)
    return `the newest head is from the future, and verifiers refuse it until then (${given}): see "A head from the future" in docs/operators.md`
  if (now - time > MAX_AHEAD)
    return `the clock is far ahead of the newest head (${given}): is it right? After a long outage, the next head needs --time-is-right`
  return undefined
}

async function summaryOf(registry: RegistryView, now: number) {
  const [head, { waiting }] = [await registry.head(), await registry.counts()]
  const leaves = { live: 0, expired: 0, removed: 0 }
  for await (const page of pagesOf(registry)) for (const member of page) leaves[stateOf(member, now)]++
  return {
    registry_id: toHex(registry.id),
    signer: toHex(head.signer),
    head: { seq: head.seq, size: head.size, root: toHex(fieldToBytes(head.root)), time: head.time },
    leaves,
    unpublished: waiting,
    refused_machines: (await registry.refusedMachines()).map(toHex),
  }
}

type Summary = Awaited<ReturnType<typeof summaryOf>>

interface Described {
  readonly number: number
  readonly state: State
  readonly credential: string
  readonly policy_id: string
  readonly expires_at: number
  readonly machine?: string
}

/** Members a page at a time: all, or those of one machine. */
async function* described(
  registry: RegistryView,
  machine: Uint8Array | undefined,
  now: number,
): AsyncGenerator<readonly Described[]> {
  const wanted = machine && toHex(machine)
  for await (const page of pagesOf(registry)) {
    const all = page.map((member) => describe(member, now))
    yield wanted === undefined ? all : all.filter((one) => one.machine === wanted)
  }
}

function describe(member: Member, now: number): Described {
  const { number, credential, policyId, expiresAt, machine } = member
  return {
    number,
    state: stateOf(member, now),
    credential: toHex(fieldToBytes(credential)),
    policy_id: toHex(fieldToBytes(policyId)),
    expires_at: expiresAt,
    ...(machine === undefined ? {} : { machine: toHex(machine) }),
  }
}

async function* pagesOf(registry: RegistryView): AsyncGenerator<readonly Member[]> {
  for (let from = 0; ; from += PAGE) {
    const page = await registry.members(from, PAGE)
    yield page
    if (page.length < PAGE) return
  }
}

const stateOf = ({ removed, expiresAt }: Member, now: number): State =>
  removed ? 'removed' : expiresAt >= now ? 'live' : 'expired'

/** One JSON document, its list a line for each member: as one string it could be longer than a string may be. */
async function sayJson(
  out: Terminal,
  summary: Summary,
  listed: AsyncIterable<readonly Described[]> | undefined,
): Promise<void> {
  const whole = JSON.stringify(summary, null, 2)
  if (listed === undefined) return out.data(whole)
  out.data(`${whole.slice(0, -'\n}'.length)},\n  "members": [`)
  let before = ''
  for await (const page of listed) {
    for (const member of page) {
      if (before !== '') out.data(`${before},`)
      before = `    ${JSON.stringify(member)}`
    }
    await drained()
  }
  if (before !== '') out.data(before)
  out.data('  ]\n}')
}

async function say(
  out: Terminal,
  { registry_id, signer, head, leaves, unpublished, refused_machines }: Summary,
  listed: AsyncIterable<readonly Described[]> | undefined,
  { now, withMachines }: { readonly now: number; readonly withMachines: boolean },
): Promise<void> {
  out.data(`registry     ${registry_id}`)
  out.data(`signer       ${signer}`)
  out.data(`head         ${head.seq}, cut ${now - head.time} s ago, over ${head.size} leaves`)
  out.data(`leaves       ${leaves.live} live, ${leaves.expired} expired, ${leaves.removed} removed`)
  out.data(`unpublished  ${unpublished}`)
  out.data(`refused      ${refused_machines.length} machines`)
  for (const machine of withMachines ? refused_machines : []) out.data(`             ${machine}`)
  if (listed === undefined) return
  for await (const page of listed) {
    for (const { number, state, credential, machine } of page)
      out.data(
        `${String(number).padStart(7)}  ${state.padEnd(7)}  ${credential}  ${machine ?? 'no identity'}`,
      )
    await drained()
  }
}

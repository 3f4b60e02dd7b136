import { fieldToBytes, toHex } from '@vouch/protocol'
import { bytesArgument, clock, type Terminal } from '@vouch/protocol/node'
import type { Member } from '../../src/member.js'
import { openRegistry } from '../store/index.js'

export interface ShowOptions {
  readonly members?: true
  readonly machine?: string
  readonly json?: true
}

type State = 'live' | 'expired' | 'removed'

/** `registrar show`: what a registry holds; for its registrar, since it names machines. */
export async function showCommand(out: Terminal, folder: string, options: ShowOptions): Promise<number> {
  const machine = options.machine === undefined ? undefined : bytesArgument(options.machine, '--machine')
  const now = clock()
  const registry = await openRegistry(folder, { now: clock })
  try {
    const { id, head, size } = registry
    const all = registry.members(0, size).map((member, index) => described(member, index, now))
    const count = (state: State): number => all.filter((member) => member.state === state).length
    const summary = {
      registry_id: toHex(id),
      signer: toHex(head.signer),
      head: { seq: head.seq, size: head.size, root: toHex(fieldToBytes(head.root)), time: head.time },
      leaves: { live: count('live'), expired: count('expired'), removed: count('removed') },
      unpublished: size - head.size,
      refused_machines: registry.refusedMachines.map(toHex),
    }
    const isListed = options.members === true || machine !== undefined
    const listed = machine === undefined ? all : all.filter((member) => isOf(machine, member.machine))
    if (options.json) out.data(JSON.stringify(isListed ? { ...summary, members: listed } : summary, null, 2))
    else {
      const { live, expired, removed } = summary.leaves
      out.data(`registry     ${summary.registry_id}`)
      out.data(`signer       ${summary.signer}`)
      out.data(`head         ${head.seq}, cut ${now - head.time} s ago, over ${head.size} leaves`)
      out.data(`leaves       ${live} live, ${expired} expired, ${removed} removed`)
      out.data(`unpublished  ${summary.unpublished}`)
      out.data(`refused      ${summary.refused_machines.length} machines`)
      for (const machine of options.members ? summary.refused_machines : [])
        out.data(`             ${machine}`)
      for (const { index, state, credential, machine } of isListed ? listed : []) {
        out.data(
          `${String(index).padStart(7)}  ${state.padEnd(7)}  ${credential}  ${machine ?? 'no identity'}`,
        )
      }
    }
    return 0
  } finally {
    await registry.close()
  }
}

function described(
  { credential, policyId, expiresAt, removed, machine }: Member,
  index: number,
  now: number,
) {
  const state: State = removed ? 'removed' : expiresAt >= now ? 'live' : 'expired'
  return {
    index,
    state,
    credential: toHex(fieldToBytes(credential)),
    policy_id: toHex(fieldToBytes(policyId)),
    expires_at: expiresAt,
    ...(machine === undefined ? {} : { machine: toHex(machine) }),
  }
}

const isOf = (wanted: Uint8Array, machine: string | undefined): boolean => machine === toHex(wanted)

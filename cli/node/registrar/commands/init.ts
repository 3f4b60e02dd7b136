import { randomBytes } from 'node:crypto'
import { admissionPolicyId } from '@vouch/evidence'
import { readAdmissionPolicy } from '@vouch/evidence/node'
import { clock, dateOf, readAll, type Terminal } from '@vouch/host/node'
import { fieldToBytes, isSimulated, toHex, VouchError } from '@vouch/protocol'
import { keyFile, makeRegistrar, refuseRegistry, type SigningOptions } from '@vouch/registry/node'

export interface InitOptions extends SigningOptions {
  readonly policy: readonly string[]
  /** For a trust node's folder: the registry is there already, on chain. */
  readonly rpc?: string
  readonly contract?: string
  /** A database server, for registrars that outgrow one machine. */
  readonly store?: string
  readonly json?: true
}

/** `registrar init`: draws an id and keys, takes the policies in, and cuts the first head. */
export async function initCommand(out: Terminal, folder: string, options: InitOptions): Promise<number> {
  const policies = await readAll(options.policy.map(readAdmissionPolicy))
  const { store } = options
  await refuseRegistry(folder, { store }) // before a chain is asked
  const id = await idOf(options)
  const time = clock()
  await makeRegistrar(folder, { id, policies, signerKey: keyFile(folder, options), time, store })

  const policyIds = policies.map((policy) => toHex(fieldToBytes(admissionPolicyId(policy))))
  if (options.json) out.data(JSON.stringify({ registry_id: toHex(id), policies: policyIds }))
  else {
    out.data(`registry  ${toHex(id)}`)
    for (const policyId of policyIds) out.data(`policy    ${policyId}`)
  }
  if (policies.some((policy) => isSimulated(admissionPolicyId(policy)))) {
    out.words(
      'registrar: warning: a policy admits simulated evidence: nothing genuine stands behind its leaves',
    )
  }
  // Later heads are held against this one: nothing can tell here whether its own time is right.
  out.words(
    `registrar: the first head is of ${dateOf(time)}: if that is wrong, set the clock, and make another`,
  )
  out.words(`registrar: heads are signed with ${keyFile(folder, options)}: keep a copy of it elsewhere`)
  return 0
}

/** Drawn for a registry of its own; what the contract is known by for a trust node's. */
async function idOf({ rpc, contract }: InitOptions): Promise<Uint8Array> {
  if (rpc === undefined && contract === undefined) return new Uint8Array(randomBytes(32))
  if (rpc === undefined || contract === undefined) {
    throw new VouchError('USAGE', { rule: '--rpc and --contract must be given together' })
  }
  const { addressArgument, openChain, registryIdOf } = await import('@vouch/chain/node')
  return registryIdOf(await openChain(rpc), addressArgument(contract, '--contract'))
}

import { keyHash } from '@vouch/circuits'
import { credentialRegistryAbi, vouchVerifierAbi } from '@vouch/contracts'
import { readCreationCode } from '@vouch/contracts/node'
import { type AdmissionPolicy, admissionPolicyId } from '@vouch/evidence'
import { compareBytes, fieldToBytes, isSimulated, toHex, VouchError } from '@vouch/protocol'
import type { Address, Hex, LocalAccount } from 'viem'
import { type Chain, isDevelopmentChain } from './client/client.js'
import { create, type Making } from './client/send.js'

export const WHAT: Readonly<Record<keyof Deployed, string>> = {
  registry: 'registry',
  proofs: 'verifier of proofs',
  gateway: 'gateway',
}

export interface Settings {
  readonly members: readonly Address[]
  readonly policies: readonly AdmissionPolicy[]
  /** Fewest signatures that ever suffice. */
  readonly floor: number
  /** Strikes at which a member's signature stops counting. */
  readonly strikeLimit: number
  /** Seconds between a decision and its effect. */
  readonly delay: number
  /** How many blocks old the block may be that a nonce is made of. */
  readonly nonceBlocks: number
}

/** What a deployment makes, in this order. A later run is given what an earlier one has made already. */
export interface Deployed {
  readonly registry: Address
  readonly proofs: Address
  readonly gateway: Address
}

/**
 * Deploys a registry run by trust nodes, the verifier of proofs, and the gateway that other contracts call. `tell` hears of
 * each contract as soon as it is there, so that no failure after it loses it.
 */
export async function deploy(
  chain: Chain,
  account: LocalAccount,
  settings: Settings,
  there: Partial<Deployed>,
  tell: (part: keyof Deployed, address: Address) => void,
): Promise<Deployed> {
  const noted = (part: keyof Deployed, address: Address): Address => {
    tell(part, address)
    return address
  }
  const made = async (part: keyof Deployed, making: Making): Promise<Address> =>
    noted(part, await create(chain, account, making, `deploying the ${WHAT[part]}`))
  const registryMaking = await makingOfRegistry(chain, settings)
  const proofsMaking = { abi: [], bytecode: await readCreationCode('HonkVerifier'), args: [] }
  if (there.registry) await assertSameCode(chain, there.registry, registryMaking)
  if (there.proofs) await assertSameCode(chain, there.proofs, proofsMaking)
  const registry = there.registry ?? (await made('registry', registryMaking))
  const proofs = there.proofs ?? (await made('proofs', proofsMaking))
  const gateway = await made('gateway', {
    abi: vouchVerifierAbi,
    bytecode: await readCreationCode('VouchVerifier'),
    args: [registry, `0x${toHex(keyHash('respond'))}`, proofs],
  })
  return { registry, proofs, gateway }
}

async function makingOfRegistry(chain: Chain, settings: Settings): Promise<Making> {
  const { members, policies, floor, strikeLimit, delay, nonceBlocks } = settings
  const ids = policies.map(admissionPolicyId)
  assertGenuineOrDevelopment(chain, ids)
  const limits = { floor, strikeLimit, delay, nonceBlocks }
  const genesis = { members, policies: ids, anchors: anchorsOf(policies), ...limits }
  return {
    abi: credentialRegistryAbi,
    bytecode: await readCreationCode('CredentialRegistry'),
    args: [genesis],
  }
}

/** Refuses what is there already unless it is what would be made here: another contract would take the gateway's word for anything. */
async function assertSameCode(chain: Chain, address: Address, making: Making): Promise<void> {
  const data = chain.viem.encodeDeployData(making)
  const [made, there] = await chain.ask('looking at what is there already', (client) =>
    Promise.all([client.call({ data }), client.getCode({ address })]),
  )
  if (made.data !== undefined && made.data.toLowerCase() === there?.toLowerCase()) return
  throw new VouchError('CONTRACT_UNKNOWN', {
    rule: 'what is there already must have the code that these settings give it',
    given: address,
    hint: 'give the settings of the run that failed, or leave out the address: then it is made',
  })
}

/** The contract refuses the same; here nothing has been paid for yet. */
export function assertGenuineOrDevelopment(chain: Chain, ids: readonly bigint[]): void {
  const simulated = ids.find(isSimulated)
  if (simulated === undefined || isDevelopmentChain(chain)) return
  throw new VouchError('SIMULATED_NOT_ACCEPTED', {
    rule: 'policies that admit simulated evidence must be deployed on a development chain alone',
    given: `chain ${chain.id}, policy ${toHex(fieldToBytes(simulated))}`,
  })
}

/** Roots of vendors, as a contract knows them: each that one of the policies names. */
export function anchorsOf(policies: readonly AdmissionPolicy[]): readonly Hex[] {
  const roots = policies.flatMap(({ evidence }) => Object.values(evidence).flatMap((kind) => kind.roots))
  const distinct = new Set([...roots].sort(compareBytes).map(toHex))
  return [...distinct].map((root): Hex => `0x${root}`)
}

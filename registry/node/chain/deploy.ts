import { keyHash } from '@vouch/circuits'
import { credentialRegistryAbi, vouchVerifierAbi } from '@vouch/contracts'
import { readCreationCode } from '@vouch/contracts/node'
import { type AdmissionPolicy, admissionPolicyId } from '@vouch/evidence'
import { compareBytes, fieldToBytes, isSimulated, toHex, VouchError } from '@vouch/protocol'
import type { Address, Hex, PrivateKeyAccount } from 'viem'
import { type Chain, create, isDevelopmentChain } from './client.js'

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
 * Deploys a registry run by trust nodes, the verifier of proofs, and the gateway that other contracts call. `made` hears of
 * each contract as soon as it is there, so that no failure after it loses it.
 */
export async function deploy(
  chain: Chain,
  account: PrivateKeyAccount,
  settings: Settings,
  there: Partial<Deployed>,
  made: (part: keyof Deployed, address: Address) => void,
): Promise<Deployed> {
  const noted = (part: keyof Deployed, address: Address): Address => {
    made(part, address)
    return address
  }
  const registry = there.registry ?? noted('registry', await deployRegistry(chain, account, settings))
  const proofs = there.proofs ?? noted('proofs', await deployProofs(chain, account))
  const gateway = await create(
    chain,
    account,
    {
      abi: vouchVerifierAbi,
      bytecode: await readCreationCode('VouchVerifier'),
      args: [registry, `0x${toHex(keyHash('respond'))}`, proofs],
    },
    'deploying the gateway',
  )
  return { registry, proofs, gateway: noted('gateway', gateway) }
}

async function deployRegistry(
  chain: Chain,
  account: PrivateKeyAccount,
  settings: Settings,
): Promise<Address> {
  const { policies, floor, strikeLimit, delay, nonceBlocks } = settings
  const ids = policies.map(admissionPolicyId)
  assertGenuineOrDevelopment(chain, ids)
  const genesis = {
    members: settings.members,
    policies: ids,
    anchors: anchorsOf(policies),
    floor,
    strikeLimit,
    delay,
    nonceBlocks,
  }
  const bytecode = await readCreationCode('CredentialRegistry')
  return create(
    chain,
    account,
    { abi: credentialRegistryAbi, bytecode, args: [genesis] },
    'deploying the registry',
  )
}

async function deployProofs(chain: Chain, account: PrivateKeyAccount): Promise<Address> {
  const bytecode = await readCreationCode('HonkVerifier')
  return create(chain, account, { abi: [], bytecode, args: [] }, 'deploying the verifier of proofs')
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

import { readAdmissionPolicy } from '@vouch/evidence/node'
import { numberArgument, readAll, type Terminal } from '@vouch/host/node'
import { toHex, VouchError } from '@vouch/protocol'
import { accountOf } from '../client/account.js'
import { addressArgument } from '../client/addresses.js'
import { openChain } from '../client/client.js'
import { deploy, WHAT } from '../deploy.js'
import { blockAt } from '../sync/events.js'
import { registryIdOf } from '../sync/sync.js'
import { feeLimit } from './options.js'

export interface DeployOptions {
  readonly rpc: string
  readonly key?: string
  readonly node: readonly string[]
  readonly policy: readonly string[]
  readonly floor: string
  readonly strikeLimit: string
  readonly delay: string
  readonly nonceBlocks: string
  readonly registry?: string
  readonly proofs?: string
  readonly maxFee?: string
  readonly json?: true
}

/** `registrar deploy`: a registry on chain, run by trust nodes, and the gateway through which contracts accept responses. */
export async function deployCommand(out: Terminal, options: DeployOptions): Promise<number> {
  const settings = {
    members: options.node.map((address) => addressArgument(address, '--node')),
    policies: await readAll(options.policy.map(readAdmissionPolicy)),
    floor: numberArgument(options.floor, '--floor', { min: 2, max: 64 }),
    strikeLimit: numberArgument(options.strikeLimit, '--strike-limit', { min: 1, max: 255 }),
    delay: numberArgument(options.delay, '--delay', { min: 0, max: 30 * 86_400 }),
    nonceBlocks: numberArgument(options.nonceBlocks, '--nonce-blocks', { min: 1, max: 2 ** 32 - 1 }),
  }
  if (settings.members.length < settings.floor) {
    throw new VouchError('USAGE', {
      rule: 'there must be as many trust nodes as signatures are needed',
      given: `${settings.members.length} of ${settings.floor}`,
      hint: '--node, once for each address',
    })
  }
  const there = {
    ...(options.registry === undefined ? {} : { registry: addressArgument(options.registry, '--registry') }),
    ...(options.proofs === undefined ? {} : { proofs: addressArgument(options.proofs, '--proofs') }),
  }
  const account = await accountOf(options.key)
  const chain = await openChain(options.rpc, feeLimit(options))
  // Of a registry that is there already nobody says here since when.
  const block = options.registry === undefined ? (await blockAt(chain)).number : undefined
  const deployed = await deploy(chain, account, settings, there, (part, address) => {
    // The gateway is made last: with it nothing is left to go on with.
    const next = part === 'gateway' ? '' : `; to go on from here after a failure: --${part} ${address}`
    out.words(`registrar: made the ${WHAT[part]} at ${address}${next}`)
  })
  const registryId = toHex(registryIdOf(chain, deployed.registry))
  if (options.json)
    out.data(JSON.stringify({ chain_id: chain.id, block, registry_id: registryId, ...deployed }))
  else {
    out.data(`chain     ${chain.id}${block === undefined ? '' : `, from block ${block}`}`)
    out.data(`registry  ${deployed.registry}, known as ${registryId}`)
    out.data(`verifier  ${deployed.proofs}`)
    out.data(`gateway   ${deployed.gateway}`)
  }
  return 0
}

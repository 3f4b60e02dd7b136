import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type AcceptancePolicy, compareBytes, fromHex, toInteger } from '@vouch/protocol'
import { drvNamed } from '../../fixtures/story/story.js'
import { type Commands, urlOf } from './commands.js'
import { demoPolicy } from './machines.js'

export interface Registry {
  readonly url: string
  readonly id: string
  readonly signer: string
  readonly policy: string
}

/** Makes a registry that admits the demo's machines, and serves it. Heads are cut each second: nobody waits in a demo. */
export async function openRegistry({ start, ask }: Commands, folder: string): Promise<Registry> {
  const policyFile = policyFileIn(folder)
  await writeFile(policyFile, demoPolicy())
  const registry = join(folder, 'registrar')
  const made = await ask('registrar', 'init', registry, '--policy', policyFile)
  const url = await urlOf(start('registrar', 'serve', registry, '--port', '0', '--cut-every', '1', '--json'))
  const head = (await (await fetch(`${url}/head.json`)).json()) as { readonly signer: string }
  const [policy = ''] = made.policies as readonly string[]
  return { url, id: String(made.registry_id), signer: head.signer, policy }
}

/** Where the registry's policy is. */
export const policyFileIn = (folder: string): string => join(folder, 'policy.json')

/** What Bob believes. */
export function acceptanceOf({ id, signer, policy }: Registry): AcceptancePolicy {
  const drvs = (...names: readonly Parameters<typeof drvNamed>[0][]) => names.map(drvNamed).sort(compareBytes)
  return {
    version: 1,
    registry: { id: fromHex(id), signer: fromHex(signer) },
    clockSkew: 60,
    headAge: 3600,
    requestAge: 600,
    freshness: { kind: 'challenge' },
    simulated: true,
    policies: [toInteger(fromHex(policy))],
    services: { sha256: drvs('echo', 'oracle'), eip191: drvs('mailer', 'oracle') },
  }
}

import type { Terminal } from '@vouch/host/node'
import { toHex } from '@vouch/protocol'
import { readConfiguration } from '../configuration-file.js'
import { measure } from '../measure.js'

export interface CheckOptions {
  readonly config: string
  readonly json?: true
}

/** `tee-agent check`: what a configuration amounts to on this machine, without serving anything. */
export async function checkCommand(out: Terminal, { config, json }: CheckOptions): Promise<number> {
  const file = await readConfiguration(config)
  const { osImageHash, services } = await measure(file)
  const { provider, simulated } = file.plan
  if (json) {
    const listed = services.map(({ name, instance, drv }) => ({ name, instance, drv: toHex(drv) }))
    out.data(JSON.stringify({ provider: provider.name, os_image_hash: toHex(osImageHash), services: listed }))
  } else {
    out.data(`provider       ${provider.name}`)
    out.data(`os_image_hash  ${toHex(osImageHash)}`)
    for (const { name, instance, drv } of services)
      out.data(`drv            ${toHex(drv)}  ${name} (instance ${instance})`)
  }
  if (simulated)
    out.words('tee-agent: warning: the provider is simulated: nothing genuine stands behind its evidence')
  return 0
}

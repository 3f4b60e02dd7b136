import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type AdmissionPolicy, printAdmissionPolicy, SNP_ANCHORS } from '@vouch/evidence'
import { type ProfileName, toHex } from '@vouch/protocol'
import { drvNamed, osImage, type ServiceName } from '../../fixtures/story/story.js'
import { freePort } from '../program.js'
import { type Commands, urlOf } from './commands.js'

// Simulated machines: an agent each, and services of their own, all of them processes. Only the hardware is not there.

const VENDOR = fileURLToPath(new URL('../../fixtures/simulated-vendor', import.meta.url))
const MEASUREMENT = new Uint8Array(48).fill(0x4d)
const UID = process.getuid?.() ?? 0

/** What runs on each machine, how it signs, and how it is asked. */
export const SERVICES: Readonly<Record<ServiceName, { profile: ProfileName; wire: 'tcp' | 'http' }>> = {
  echo: { profile: 'sha256', wire: 'tcp' },
  oracle: { profile: 'sha256', wire: 'http' },
  mailer: { profile: 'eip191', wire: 'tcp' },
}
const NAMES = Object.keys(SERVICES) as ServiceName[]

/** What a registrar of simulated machines admits: this image, on hardware that does not exist. */
export function demoPolicy(): string {
  const policy: AdmissionPolicy = {
    version: 1,
    name: 'simulated machines of the demo',
    evidence: {
      'simulated-snp': {
        roots: SNP_ANCHORS.filter(({ kind }) => kind === 'simulated-snp').map(({ spki }) => spki),
        endorsements: ['vcek'],
        boot: 'kernel_hashes',
        measurements: [MEASUREMENT],
        vmpl: [0],
        guestPolicy: { debug: false, migration: false, smt: true },
        tcb: { simulated: { bootloader: 4, tee: 0, snp: 24, microcode: 220 } },
      },
    },
    osImages: [osImage],
    quota: 8,
    ttl: 48 * 3600,
    collateral: { revocation: 'when_given', maxAge: 30 * 86_400, grace: 3600 },
  }
  return printAdmissionPolicy(policy)
}

/** Starts a machine's agent and services, and waits until all have announced their keys. Answers with the agent's URL. */
export async function startMachine({ start }: Commands, folder: string): Promise<string> {
  const services = await Promise.all(NAMES.map(async (name) => ({ name, port: await freePort() })))
  for (const { name } of services) await mkdir(join(folder, name), { recursive: true, mode: 0o700 })
  const configuration = join(folder, 'agent.yaml')
  await writeFile(configuration, JSON.stringify(configurationOf(folder, services), null, 2))
  const agent = await urlOf(start('tee-agent', 'serve', '--config', configuration, '--port', '0', '--json'))
  for (const { name, port } of services) {
    const own = join(folder, name)
    const key = ['--key', join(own, 'key'), '--key-anywhere', '--announce', join(own, 'announce.sock')]
    const { profile, wire } = SERVICES[name]
    start('vouch-echo', '--profile', profile, ...key, `--${wire}`, `127.0.0.1:${port}`)
  }
  while (!(await fetch(`${agent}/info`)).ok) await wait(50)
  return agent
}

/** JSON is YAML. What a real machine measures, a simulated one states: its image, and what its services are. */
function configurationOf(
  folder: string,
  services: readonly { readonly name: ServiceName; readonly port: number }[],
): object {
  return {
    version: 1,
    provider: {
      name: 'simulated',
      keys: VENDOR,
      chip_id: randomBytes(64).toString('hex'),
      measurement: toHex(MEASUREMENT),
    },
    os_image_hash: toHex(osImage),
    services: services.map(({ name, port }) => ({
      name,
      drv: toHex(drvNamed(name)),
      instance: 0,
      profile: SERVICES[name].profile,
      endpoint: `${SERVICES[name].wire}://127.0.0.1:${port}${SERVICES[name].wire === 'http' ? '/' : ''}`,
      socket: join(folder, name, 'announce.sock'),
      user: UID,
    })),
  }
}

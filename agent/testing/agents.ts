import { mkdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { type PublicKey, printAnnouncement, publicKeyFromUncompressed, toHex } from '@vouch/protocol'
import { stringify } from 'yaml'

export const VENDOR = fileURLToPath(new URL('../../fixtures/simulated-vendor', import.meta.url))
export const UID = process.getuid?.() ?? 0
export const MEASUREMENT = new Uint8Array(48).fill(0x3e)

/** A service's key, by a number. */
export function keyOf(number: number): PublicKey {
  const secret = new Uint8Array(32).fill(number)
  return publicKeyFromUncompressed(secp256k1.getPublicKey(secret, false))
}

export const keyJson = ({ x, y }: PublicKey) => ({ x: toHex(x), y: toHex(y) })

export const simulated = {
  name: 'simulated',
  keys: VENDOR,
  chip_id: 'c1'.repeat(64),
  measurement: toHex(MEASUREMENT),
}

/** A service that announces its key, in a folder of its own. */
export function announcing(folder: string, name: string, more: object = {}) {
  return {
    name,
    drv: toHex(new Uint8Array(32).fill(name.length)),
    instance: 0,
    profile: 'sha256',
    endpoint: `tcp://127.0.0.1:9000`,
    socket: join(folder, name, 'announce.sock'),
    user: UID,
    ...more,
  }
}

/** A sound configuration under the simulated provider. */
export function simulatedConfiguration(folder: string, names: readonly string[], more: object = {}) {
  return {
    version: 1,
    provider: simulated,
    os_image_hash: '05'.repeat(32),
    services: names.map((name, instance) => announcing(folder, name, { instance })),
    ...more,
  }
}

/** Writes a configuration, and makes its services' folders as they must be. */
export async function writeConfiguration(
  folder: string,
  names: readonly string[],
  more: object = {},
): Promise<string> {
  for (const name of names) await mkdir(join(folder, name), { mode: 0o700 })
  const path = join(folder, 'agent.yaml')
  await writeFile(
    path,
    stringify(simulatedConfiguration(folder, names, more), { aliasDuplicateObjects: false }),
  )
  return path
}

/** Says something to a socket, and hears what comes back until its end. */
export function say(socket: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = ''
    connect(socket)
      .on('data', (piece) => (heard += piece))
      .on('close', () => resolve(heard))
      .on('error', reject)
      .end(text)
  })
}

export const announce = (socket: string, publicKey: PublicKey): Promise<string> =>
  say(socket, `${printAnnouncement({ version: 1, publicKey })}\n`)

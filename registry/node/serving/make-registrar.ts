import { randomBytes } from 'node:crypto'
import { chmod, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type AdmissionPolicy, admissionPolicyId, printAdmissionPolicy } from '@vouch/evidence'
import type { Signer } from '@vouch/host'
import { makeFolder, openSigner, readSecret, writeSecret, writeWhole } from '@vouch/host/node'
import { fieldToBytes, toHex } from '@vouch/protocol'
import { createRegistry, refuseRegistry, type Store } from '../store/index.js'
import { registrarFolder } from './registrar-folder.js'

export interface NewRegistrar extends Store {
  readonly id: Uint8Array
  readonly policies: readonly AdmissionPolicy[]
  /** Where the key that signs heads is, or comes to be: in the folder, unless another place is named. */
  readonly signerKey?: string
  /** The time of the first head: later ones are held against it. */
  readonly time: number
}

/** Makes a registrar's folder: its keys where there are none yet, its policies, and a registry with its first head. */
export async function makeRegistrar(
  folder: string,
  { id, policies, signerKey, time, store }: NewRegistrar,
): Promise<void> {
  const paths = registrarFolder(folder)
  await refuseRegistry(folder, { store }) // before anything is written beside it
  await makeFolder(paths.policies, 0o700)
  await chmod(folder, 0o700) // evidence names machines: what lies here is for the registrar alone
  const signer = await signerAt(signerKey ?? paths.signerKey)
  await secretAt(paths.nonceKey)
  for (const policy of policies) await keepPolicy(paths.policies, policy)
  await createRegistry(folder, { id, signer, now: () => time, store }) // last: a crash before leaves nothing that another try stumbles over
}

/** The key that signs heads: a new one where a file is named that is not there yet. */
async function signerAt(where: string): Promise<Signer> {
  const isFile = !/^[a-z0-9]+:/.test(where)
  if (isFile) await secretAt(where)
  return openSigner(where)
}

/** A secret that is there already, as when it is kept elsewhere; else a new one. All but a few in 2^128 are signing keys. */
async function secretAt(path: string): Promise<Uint8Array> {
  if (await stat(path).catch(() => undefined)) return readSecret(path)
  const secret = new Uint8Array(randomBytes(32))
  await writeSecret(path, secret)
  return secret
}

async function keepPolicy(folder: string, policy: AdmissionPolicy): Promise<void> {
  const name = `${toHex(fieldToBytes(admissionPolicyId(policy)))}.json`
  await writeWhole(join(folder, name), `${printAdmissionPolicy(policy)}\n`)
}

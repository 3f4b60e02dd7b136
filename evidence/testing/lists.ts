import { type SimulatedEnclave, type SimulatedNitro, simulatedNitro } from '@vouch/evidence/simulated'
import { readPem } from '../../fixtures/pem.js'
import { context } from '../src/core/der/der.js'
import { sequence, value } from '../src/core/der/write.js'
import { parseCertificate } from '../src/x509/certificate.js'
import { type KeyCertificate, keyCertificate } from '../src/x509/issue/key-certificate.js'
import { ECDSA_SHA384, issuerOf } from '../src/x509/issue/schemes.js'

// Certificates that say where the list is that could name them, as AWS's and NVIDIA's do, and the simulated vendors' do not.

export const ROOT_LIST =
  'http://aws-nitro-enclaves-crl.s3.amazonaws.com/crl/ab4960cc-7d63-42bd-9e9f-59338cb67f84.crl'
export const REGION_LIST =
  'http://crl-us-east-1-aws-nitro-enclaves.s3.us-east-1.amazonaws.com/crl/e7f1198f-2766-4ca0-85e5-7a75f05d9614.crl'

type Extensions = NonNullable<KeyCertificate['extensions']>

/** cRLDistributionPoints with these addresses, in one point. */
export function publishedAt(...addresses: readonly string[]): Extensions {
  const names = addresses.map((address) => value(0x86, new TextEncoder().encode(address)))
  return [['2.5.29.31', sequence(sequence(value(context(0), value(context(0), ...names))))]]
}

function pem(folder: string, name: string): Uint8Array {
  const path = `../../fixtures/${folder}/${name}`
  return readPem(new URL(path, import.meta.url))
}

/** The certificate of a fixture, issued again by its root with something changed. */
export async function reissued(
  folder: 'simulated-nitro' | 'simulated-nvidia',
  name: 'root' | 'intermediate' | 'device',
  changes: Partial<KeyCertificate>,
): Promise<Uint8Array> {
  const { commonName, spki, notBefore, notAfter } = parseCertificate(pem(folder, `${name}.pem`))
  const root = await issuerOf(pem(folder, 'root.pem'), pem(folder, 'root.key.pem'), ECDSA_SHA384)
  const [serial, pathLength] = name === 'root' ? [1, 1] : [2, 0]
  return keyCertificate({ serial, commonName, spki, notBefore, notAfter, pathLength, ...changes }, root)
}

/** Simulated enclaves whose authority is listed by the root, at an address, or may not do all that it does. */
export async function nitroWith(changes: Partial<KeyCertificate>): Promise<SimulatedNitro> {
  const own = (name: string) => pem('simulated-nitro', name)
  return simulatedNitro({
    root: own('root.pem'),
    rootKey: own('root.key.pem'),
    intermediate: await reissued('simulated-nitro', 'intermediate', changes),
    intermediateKey: own('intermediate.key.pem'),
    leafKey: own('leaf.key.pem'),
    leafSpki: own('leaf.pub.pem'),
  })
}

export const enclaveImage = [1, 2, 3].map((byte) =>
  new Uint8Array(48).fill(byte),
) as unknown as SimulatedEnclave['image']

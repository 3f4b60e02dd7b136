import { join } from 'node:path'
import { simulatedNvidia, simulatedVendor } from '@vouch/evidence/simulated'
import { readNamedFile } from '@vouch/host/node'
import { shown, textOf, VouchError } from '@vouch/protocol'
import type { Provider } from '../../src/index.js'
import type { SimulatedSettings } from '../../src/providers/settings.js'

/** A machine that does not exist, by keys that everybody has. */
export async function openSimulated(
  { keys, chipId, measurement, gpuKeys }: SimulatedSettings,
  resolve: (path: string) => string,
): Promise<Provider> {
  const pem = (name: string) => readPem(join(resolve(keys), name))
  const vendor = simulatedVendor({
    root: await pem('root.pem'),
    rootKey: await pem('root.key.pem'),
    intermediate: await pem('intermediate.pem'),
    intermediateKey: await pem('intermediate.key.pem'),
    chipKey: await pem('vcek.key.pem'),
    chipSpki: await pem('vcek.pub.pem'),
  })
  return {
    async attest(reportData) {
      const files = await vendor.attest({ chipId }, { reportData, measurement })
      return files.map(({ bytes }) => bytes)
    },
    ...(gpuKeys === undefined ? {} : { gpus: await openSimulatedGpu(resolve(gpuKeys)) }),
  }
}

/** A GPU that does not exist either. */
async function openSimulatedGpu(keys: string): Promise<NonNullable<Provider['gpus']>> {
  const pem = (name: string) => readPem(join(keys, name))
  const device = simulatedNvidia({
    root: await pem('root.pem'),
    rootKey: await pem('root.key.pem'),
    device: await pem('device.pem'),
    deviceKey: await pem('device.key.pem'),
    leafKey: await pem('leaf.key.pem'),
    leafSpki: await pem('leaf.pub.pem'),
  })
  return async (nonce) => {
    const files = (await device.attest({ nonce })).map(({ bytes }) => bytes)
    return { canonical: files.slice(0, 1), files }
  }
}

async function readPem(path: string): Promise<Uint8Array> {
  const [, base64] =
    /-----BEGIN [A-Z ]+-----([A-Za-z0-9+/=\s]+)-----END/.exec(textOf(await readNamedFile(path))) ?? []
  if (base64 !== undefined) return new Uint8Array(Buffer.from(base64, 'base64'))
  throw new VouchError('KEY_MALFORMED', {
    rule: 'a file of the simulated vendor must be in PEM',
    given: shown(path),
  })
}

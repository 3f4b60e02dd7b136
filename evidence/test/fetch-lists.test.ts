import { type Evidence, type EvidenceFile, parseEvidence, publishedFor } from '@vouch/evidence'
import { fetchPublished, type Sources } from '@vouch/evidence/node'
import { VouchError } from '@vouch/protocol'
import { afterEach, describe, expect, test } from 'vitest'
import { openSimulatedNitro } from '../../fixtures/simulated-nitro/index.js'
import { openSimulatedNvidia } from '../../fixtures/simulated-nvidia/index.js'
import { needs } from '../../test/support/needs.js'
import { parseCertificate } from '../src/x509/certificate.js'
import { distributionPoints } from '../src/x509/lists.js'
import { enclaveImage, nitroWith, publishedAt, REGION_LIST, ROOT_LIST, reissued } from '../testing/lists.js'
import { openSample } from '../testing/samples.js'
import { attest, authenticated, NOW } from '../testing/simulated.js'
import { ok, status, type VendorService, vendorService } from '../testing/vendor-service.js'

// The revocation lists of AWS and NVIDIA, from the places that certificates name.

const inForce = { thisUpdate: NOW - 1, nextUpdate: NOW + 9, revoked: [] }
const nitro = openSimulatedNitro()
const nvidia = openSimulatedNvidia()
const rootList = await nitro.revoke('root', inForce)
const regionList = await nitro.revoke('intermediate', inForce)
const deviceList = await nvidia.revoke('root', inForce)
const DEVICE_LIST = 'http://crl.ndis.nvidia.com/crl/l1-root.crl'
const pathOf = (address: string): string => new URL(address).pathname
const [ROOT_PATH, REGION_PATH, DEVICE_PATH] = [ROOT_LIST, REGION_LIST, DEVICE_LIST].map(pathOf)

const read = async (files: readonly EvidenceFile[]): Promise<Evidence> =>
  (await parseEvidence(files)).evidence

/** An enclave whose certificates name these places: of the root's list, and of its authority's. */
async function enclave(ofRoot: string, ofRegion = REGION_LIST): Promise<readonly EvidenceFile[]> {
  const vendor = await nitroWith({ extensions: publishedAt(ofRoot) })
  return vendor.attest({ image: enclaveImage, at: NOW, certificate: { extensions: publishedAt(ofRegion) } })
}

async function devices(): Promise<readonly EvidenceFile[]> {
  const bytes = await reissued('simulated-nvidia', 'device', { extensions: publishedAt(DEVICE_LIST) })
  const files = await nvidia.attest({ nonce: new Uint8Array(32) })
  return files.map((file) => (file.name === 'device.der' ? { ...file, bytes } : file))
}

const open: VendorService[] = []
afterEach(async () => {
  for (const service of open.splice(0)) await service.close()
})

async function serve(replies: Parameters<typeof vendorService>[0]): Promise<VendorService> {
  const service = await vendorService(replies)
  open.push(service)
  return service
}

const sources = (mirror: string): Sources => ({
  fetch,
  sleep: async () => {},
  now: () => NOW * 1000,
  patience: { attempts: 2, pauseMs: 1, maxPauseMs: 60_000, timeoutMs: 20_000 },
  mirror,
})

async function codeOf(fetching: Promise<unknown>): Promise<string> {
  const error = await fetching.catch((thrown: unknown) => thrown)
  if (error instanceof VouchError) return error.code
  throw new Error(`it must be refused, and was not: ${String(error)}`)
}

describe('what AWS publishes', () => {
  const all = { [ROOT_PATH ?? '']: [ok(rootList.bytes)], [REGION_PATH ?? '']: [ok(regionList.bytes)] }

  test('is fetched from where the certificates say, and makes a document complete', async () => {
    const service = await serve(all)
    const files = await enclave(ROOT_LIST)
    const fetched = await fetchPublished(await read(files), sources(service.url))
    expect(service.asked).toEqual([ROOT_PATH, REGION_PATH])
    expect(fetched.map(({ name }) => name)).toEqual([
      'nitro-ab4960cc-7d63-42bd-9e9f-59338cb67f84.crl',
      'nitro-e7f1198f-2766-4ca0-85e5-7a75f05d9614.crl',
    ])
    const { authentic, failures } = await authenticated([...files, ...fetched])
    expect([failures, authentic?.claims.collateral.missing]).toEqual([[], []])
  })

  test('is asked of its own addresses where no mirror is named', async () => {
    const asked: string[] = []
    const elsewhere: typeof fetch = async (url) => {
      asked.push(String(url))
      return new Response(new Uint8Array(String(url) === ROOT_LIST ? rootList.bytes : regionList.bytes))
    }
    const world = { ...sources(''), mirror: undefined, fetch: elsewhere }
    await fetchPublished(await read(await enclave(ROOT_LIST)), world)
    expect(asked).toEqual([ROOT_LIST, REGION_LIST])
  })

  test('that is not there, or is no list, is said to be: all of it or nothing', async () => {
    const files = await read(await enclave(ROOT_LIST))
    for (const reply of [status(404), status(403), ok('<html>')]) {
      const service = await serve({ ...all, [ROOT_PATH ?? '']: [reply] })
      expect(await codeOf(fetchPublished(files, sources(service.url)))).toBe('VENDOR_UNREACHABLE')
    }
  })

  test.each([
    'http://169.254.169.254/latest/meta-data/iam.crl',
    'http://127.0.0.1:8080/crl/x.crl',
    'file:///etc/passwd',
    'http://aws-nitro-enclaves-crl.s3.amazonaws.com.example/crl/x.crl',
    'http://crl-us-east-1-aws-nitro-enclaves.s3.us-east-1.amazonaws.com@example/crl/x.crl',
    'http://example/http://aws-nitro-enclaves-crl.s3.amazonaws.com/crl/x.crl',
    'http://aws-nitro-enclaves-crl.s3.amazonaws.com/crl/../x.crl',
    'http://aws-nitro-enclaves-crl.s3.amazonaws.com/crl/x.crl?y',
    'http://aws-nitro-enclaves-crl.s3.amazonaws.com/crl/x.crl#y',
  ])('is looked for at no other address: %s', async (address) => {
    const service = await serve(all)
    for (const files of [await enclave(address), await enclave(ROOT_LIST, address)])
      expect(await codeOf(read(files).then((one) => fetchPublished(one, sources(service.url))))).toBe(
        'COLLATERAL_MISSING',
      )
    expect(service.asked).toEqual([])
  })

  test('is asked for once, however many certificates name it', async () => {
    const [way] = publishedFor(await read(await enclave(ROOT_LIST, ROOT_LIST)))
    expect(way).toHaveLength(1)
  })

  test('of a document that names no place is nothing', async () => {
    const files = await nitro.attest({ image: enclaveImage, at: NOW })
    expect(publishedFor(await read(files))).toEqual([[]])
  })

  test('of genuine documents is the list of the root and that of a region', async (context) => {
    needs.samples(context)
    const { given } = openSample('nitro/prod-2025-12-54ae0f-indefinite-map')
    const ways = publishedFor(await read(given))
    expect(ways.map((way) => way.map(({ origin, path }) => `${origin}${path}`))).toEqual([
      [ROOT_LIST, REGION_LIST],
    ])
  })
})

describe('what NVIDIA publishes', () => {
  test('is fetched for devices, once, and with what a machine needs', async () => {
    const alone = await read(await devices())
    const service = await serve({ [DEVICE_PATH ?? '']: [ok(deviceList.bytes), ok(deviceList.bytes)] })
    const fetched = await fetchPublished(alone, sources(service.url))
    expect(fetched.map(({ name }) => name)).toEqual(['nvidia-l1-root.crl'])
    const [report] = await attest({ report: { fields: { cpuid: [0x19, 1, 1] } } })
    const both = await read([...(report === undefined ? [] : [report]), ...(await devices())])
    const [way] = publishedFor(both)
    expect(way?.map(({ file }) => file)).toEqual([
      'vcek.der',
      'cert_chain.pem',
      'ark_crl.der',
      'nvidia-l1-root.crl',
    ])
  })

  test('of genuine devices is the list of the root and that of their product', async (context) => {
    needs.samples(context)
    const listsOf = async (name: string) => {
      const [way] = publishedFor(await read(openSample(`nvidia-gpu/${name}`).given))
      return way?.map(({ origin, path }) => `${origin}${path}`).sort()
    }
    const product = (name: string) => [DEVICE_LIST, `http://crl.ndis.nvidia.com/crl/${name}.crl`]
    expect(await listsOf('hopper-multi-gpu')).toEqual(product('l2-gh100'))
    expect(await listsOf('ls10-switch')).toEqual(product('l2-gh100'))
    expect(await listsOf('blackwell-575')).toEqual(product('l2-gb100'))
  })
})

describe('the places in a certificate', () => {
  const certificateWith = async (value: Uint8Array) =>
    parseCertificate(
      await reissued('simulated-nitro', 'intermediate', { extensions: [['2.5.29.31', value]] }),
    )
  const [[, good] = ['', new Uint8Array()]] = publishedAt(ROOT_LIST, REGION_LIST)

  test('are read in their order', async () => {
    expect(distributionPoints(await certificateWith(good))).toEqual([ROOT_LIST, REGION_LIST])
    expect(distributionPoints(await certificateWith(Uint8Array.of(0x30, 0)))).toEqual([])
  })

  test('are read or refused, whatever they are', async () => {
    const certificate = await certificateWith(good)
    for (let at = 0; at < good.length; at++) {
      for (const byte of [0, 0x30, 0x80, 0xa0, 0xff]) {
        const extensions = new Map([['2.5.29.31', { critical: false, value: good.with(at, byte) }]])
        try {
          expect(distributionPoints({ ...certificate, extensions })).toEqual(expect.any(Array))
        } catch (error) {
          expect(error).toBeInstanceOf(VouchError)
        }
      }
    }
  })
})

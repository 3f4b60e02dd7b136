import { examine } from '@vouch/evidence'
import { describe, expect, test } from 'vitest'
import { needs } from '../../test/support/needs.js'
import { bitsToFlip, unsignedIn } from '../testing/flips.js'
import { judge, openSample, samplesIn, time, withChange } from '../testing/samples.js'

// No bit of anything that evidence of real machines is made of, or judged by, can be another.

const ACCEPTED = [
  'azure-vtpm/snp-genoa',
  'azure-vtpm/snp-milan-user-data',
  'nitro/prod-2021-rsa-pubkey',
  'nitro/prod-2022',
  'nitro/prod-2022-nonce-userdata',
  'nitro/prod-2025-12-54ae0f-indefinite-map',
  'nvidia-gpu/blackwell-575',
  'nvidia-gpu/hopper-535',
  'nvidia-gpu/hopper-570-fwid',
  'nvidia-gpu/hopper-570-manifest-signer-on-hold',
  'nvidia-gpu/hopper-multi-gpu',
  'nvidia-gpu/hopper-trailing-byte',
  'nvidia-gpu/ls10-switch',
  'snp/genoa-v3-host-data',
  'snp/milan-v2',
  'snp/milan-v2-with-amd-crl',
  'snp/milan-v3-vlek-aws',
  'snp/milan-v5-gcp',
  'snp/milan-v5-gcp-x25519-bound',
  'snp/turin-v5-host-data',
  'tdx/v4-gce-cos-event-log',
  'tdx/v4-uptodate-b0c06f',
  'tdx/v5-td15-uptodate-90c06f',
  'tpm/gcp-p256-ak-chain',
]
const TEES = ['azure-vtpm', 'composite', 'nitro', 'nvidia-gpu', 'sgx', 'snp', 'tdx', 'tpm']
/** Where every bit of the small files is flipped, once for each format. */
const THOROUGH = ['azure-vtpm/snp-genoa', 'tdx/v4-uptodate-b0c06f', 'tpm/gcp-p256-ak-chain']
const SMALL = 300

const isInPage = 'document' in globalThis

test('these are all the samples that are accepted as they are', async (context) => {
  needs.samples(context)
  const folders = TEES.flatMap((tee) => samplesIn(tee).map((name) => `${tee}/${name}`))
  const exits = await Promise.all(
    folders.map((folder) => {
      const { given, expected } = openSample(folder)
      return judge(given, time(expected.verification_time))
    }),
  )
  expect(folders.filter((_, i) => exits[i] === 0)).toEqual(ACCEPTED)
})

test('what was written about a sample changes no verdict: it names all that is in evidence, and is none', async (context) => {
  needs.samples(context)
  for (const folder of TEES.flatMap((tee) => samplesIn(tee).map((name) => `${tee}/${name}`))) {
    const { given, notes, expected } = openSample(folder)
    const at = time(expected.verification_time)
    const without = await examine(given, at)
    const beside = await examine([...given, notes], at)
    expect([folder, beside.ignored]).toEqual([folder, [...without.ignored, notes.name]])
    expect([folder, await judge([...given, notes], at)]).toEqual([folder, await judge(given, at)])
  }
})

describe.each(ACCEPTED)('%s', (folder) => {
  test('is not accepted with any bit flipped of any file', { timeout: 600_000 }, async (context) => {
    needs.samples(context)
    const { given, expected } = openSample(folder)
    const at = time(expected.verification_time)
    const { ignored } = await examine(given, at)
    const recognised = given.filter(({ name }) => !ignored.includes(name))
    expect(recognised.length).toBeGreaterThan(0)
    for (const [i, { name: file, bytes }] of recognised.entries()) {
      const isWhole = !isInPage && THOROUGH.includes(folder) && bytes.length <= SMALL
      const unsigned = unsignedIn(bytes)
      for (const bit of bitsToFlip(bytes.length, { isWhole, seed: 7 * i + ACCEPTED.indexOf(folder) })) {
        const offset = bit >> 3
        if (unsigned.some(({ from, to }) => from <= offset && offset < to)) continue
        const changed = withChange({ given }, { file, offset, xor: (1 << (bit & 7)).toString(16) })
        if ((await judge(changed, at)) === 0) expect.fail(`${file}: bit ${bit} can be flipped`)
      }
    }
  })
})

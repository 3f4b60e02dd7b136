import {
  type AzureSnpClaims,
  appraise,
  authenticate,
  type Claims,
  encodeAttest,
  encodeHcl,
  encodeQuote,
  encodeReport,
  parseEvidence,
  type TpmClaims,
} from '@vouch/evidence'
import { exitStatus, toHex } from '@vouch/protocol'
import { describe, expect, test } from 'vitest'
import { needs } from '../../../test/support/needs.js'
import { encodePublicArea } from '../../src/vendors/tpm/public-area.js'
import { encodeSignature } from '../../src/vendors/tpm/signature.js'
import { failuresOf, openSample, SAMPLES, time } from '../../testing/samples.js'
import { policyFor, policyOf } from '../../testing/simulated.js'
import { tpmPinsJson } from '../../testing/tpm.js'

// Quotes of real TPMs, by themselves and in Azure's confidential virtual machines.

const AZURE_SNP = ['azure-vtpm/snp-genoa', 'azure-vtpm/snp-milan-user-data']
const CASES = (['tpm', 'azure-vtpm'] as const).flatMap((folder) =>
  SAMPLES[folder].map((name) => `${folder}/${name}`),
)

async function claimsIn(path: string): Promise<Claims> {
  const { given, expected } = openSample(path)
  const { evidence } = await parseEvidence(given)
  const { authentic, failures } = await authenticate(evidence, time(expected.verification_time))
  if (authentic === undefined) throw new Error(`${path}: ${failures.map(({ rule }) => rule).join(', ')}`)
  return authentic.claims
}

describe.each(CASES)('%s', (path) => {
  test('is written again as it was read', async (context) => {
    needs.samples(context)
    const { given } = openSample(path)
    const { evidence, ignored } = await parseEvidence(given)
    const bytesOf = (name: string) => given.find((file) => file.name === name)?.bytes
    expect(ignored).toEqual([])
    if (evidence.format === 'tpm') {
      expect(encodeAttest(evidence.quote.attest)).toEqual(bytesOf('quote_msg.bin'))
      const signatures = evidence.signatures.map(({ signature }) => encodeSignature(signature))
      expect(signatures).toContainEqual(bytesOf('quote_sig.bin'))
      const { publicArea } = evidence
      if (publicArea !== undefined) expect(encodePublicArea(publicArea.area)).toEqual(publicArea.bytes)
    }
    if (evidence.format === 'azure') {
      expect(encodeAttest(evidence.vtpm.quote.attest)).toEqual(bytesOf('quote_msg.bin'))
      const whole = new Uint8Array([...encodeHcl(evidence.hcl), ...evidence.trailing])
      expect(whole).toEqual(bytesOf('hcl_report.bin'))
      const { hardware } = evidence
      if (hardware.format === 'snp') expect(encodeReport(hardware.report)).toEqual(bytesOf('report.bin'))
      else expect(encodeQuote(hardware.quote)).toEqual(bytesOf('quote.bin'))
    }
  })
})

describe('what a quote says', () => {
  test('of a Windows machine, its event log leads to', async (context) => {
    needs.samples(context)
    const { quote } = (await claimsIn('tpm/gcp-windows-sha1-event-log')) as TpmClaims
    const replayed = [0, 4, 5, 7, 11, 12, 13, 14].map((index) => `sha1:${index}`)
    expect(quote).toMatchObject({ hash: 'sha1', scheme: 'rsassa', replayed: replayed.join(', ') })
  })

  test('with SHA-1 is refused, whatever else is open', async (context) => {
    needs.samples(context)
    const { given } = openSample('tpm/gcp-windows-sha1-event-log')
    const failures = await failuresOf(given, time('any'))
    expect(failures.map(({ code }) => code)).toEqual(['COLLATERAL_MISSING', 'ALGORITHM_TOO_WEAK'])
    expect(exitStatus(failures)).toBe(3)
  })

  test('in Azure is bound to the nonce in two places', async (context) => {
    needs.samples(context)
    const { slots } = await claimsIn('azure-vtpm/snp-milan-user-data')
    const nonce =
      '982f5c6e45df0ed3f10b6f60b02f0c8390e281300f3805e2279c16168cd6ae9aa398f647caa2338748cd0fd9f5f819ef'
    expect(slots.map(({ name, bytes }) => [name, toHex(bytes)])).toEqual([
      ['user-data', nonce.padEnd(128, '0')],
      ['extraData', nonce],
    ])
  })

  test('comes out as its collectors read it', async (context) => {
    needs.samples(context)
    for (const path of AZURE_SNP) {
      const { hardware, quote } = (await claimsIn(path)) as AzureSnpClaims
      const { snp, pcrs } = openSample(path).fields as {
        readonly snp: { readonly measurement: string }
        readonly pcrs: Readonly<Record<string, string>>
      }
      expect(toHex(hardware.measurement)).toBe(snp.measurement)
      const values = Object.entries(quote.pcrs.sha256 ?? {}).map(([index, value]) => [index, toHex(value)])
      expect(Object.fromEntries(values)).toEqual(pcrs)
    }
  })
})

test('a key that nobody vouches for is somebody’s when the policy names it, if all else were there', async (context) => {
  needs.samples(context)
  const { given } = openSample('tpm/rsa-quote-eight-pcrs')
  const { authentic } = await authenticate((await parseEvidence(given)).evidence, time('any'))
  if (authentic === undefined) throw new Error('it must be authentic')
  const key = 'b0f391601e5e4e3dc01340fc7024b9ed7245157b80ddd23f272ef6a1c19d6dbe'
  const failuresUnder = (keys: readonly string[]) =>
    appraise(authentic, policyOf(policyFor('tpm', { ...tpmPinsJson('tpm'), keys })), time('any'), {
      nonce: null,
    }).failures
  expect(failuresUnder([]).map(({ field }) => field)).toContain('roots')
  // Its PCR values were not kept, so no policy can be satisfied.
  expect(new Set(failuresUnder([key]).map(({ code }) => code))).toEqual(new Set(['COLLATERAL_MISSING']))
  expect(failuresUnder([key]).map(({ field }) => field)).not.toContain('roots')
})

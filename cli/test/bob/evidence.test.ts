import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quoteGuest } from '@vouch/evidence/testing/intel'
import { toHex } from '@vouch/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSimulatedNitro } from '../../../fixtures/simulated-nitro/index.js'
import { openSimulatedVendor } from '../../../fixtures/simulated-vendor/index.js'
import { bob } from '../../testing/bob.js'

// `bob evidence` and `bob policy` as processes.

const AT = ['--at', '1800000000']

const measurement = '3e'.repeat(48)
const reportData = Uint8Array.from({ length: 64 }, (_, i) => i)
let folder: string
let files: readonly string[]
let policy: string

const path = (name: string): string => join(folder, name)
async function write(name: string, content: string | Uint8Array): Promise<string> {
  await writeFile(path(name), content)
  return path(name)
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouch-evidence-'))
  const vendor = openSimulatedVendor()
  const evidence = await vendor.attest(
    { chipId: new Uint8Array(64).fill(0xc1) },
    { reportData, measurement: new Uint8Array(48).fill(0x3e) },
  )
  const list = await vendor.revoke('root', {
    thisUpdate: 1_799_999_000,
    nextUpdate: 1_800_001_000,
    revoked: [],
  })
  files = await Promise.all([...evidence, list].map(({ name, bytes }) => write(name, bytes)))
  const template = await bob('policy', 'init', '--simulated')
  policy = await write(
    'policy.yaml',
    template.stdout
      .replace('<what people call this policy>', 'simulated machines')
      .replace('<measurement>', measurement)
      .replace('<os image hash>', '05'.repeat(32)),
  )
})
afterAll(() => rm(folder, { recursive: true, force: true }))

interface Answer {
  readonly verdict: string
  readonly exit: number
  readonly kind?: string
  readonly checks: readonly { readonly rule: string; readonly outcome: string }[]
  readonly notChecked: readonly string[]
  readonly warnings: readonly string[]
  readonly ignored: readonly string[]
  readonly failures: readonly {
    readonly stage: string
    readonly code: string
    readonly message: string
    readonly field?: string
    readonly wanted?: string
    readonly given?: string
  }[]
  readonly claims?: { readonly measurement: string }
}

async function answer(...args: readonly string[]): Promise<Answer> {
  const run = await bob('evidence', ...args, '--json')
  const parsed = JSON.parse(run.stdout) as Answer
  expect(run.exit).toBe(parsed.exit)
  return parsed
}

describe('bob evidence', () => {
  test('accepts what a policy names, with data on stdout and words on stderr', async () => {
    const run = await bob('evidence', ...files, ...AT, '--policy', policy, '--nonce', toHex(reportData))
    expect(run).toMatchObject({
      exit: 0,
      stdout: expect.stringMatching(/^accepted\n {2}kind +simulated-snp\n/),
    })
    expect(run.stderr).toContain('✓ the report must be signed by the key of SIMULATED-VCEK')
    expect(run.stderr).toContain("✓ SIMULATED-ARK's revocation list must be signed by it")
  })

  test('in JSON says checks, what was not checked, and claims', async () => {
    const given = await answer(...files.toReversed(), ...AT, '--policy', policy)
    expect(given).toMatchObject({ verdict: 'accepted', kind: 'simulated-snp', failures: [], ignored: [] })
    expect(given.claims?.measurement).toBe(measurement)
    expect(given.checks.length).toBeGreaterThan(20)
    expect(given.notChecked).toContain('freshness: no nonce was given to compare REPORT_DATA with')
  })

  test('warns of a guest without SEPT_VE_DISABLE where there is no policy, in words and in JSON', async () => {
    const quoted = await quoteGuest({ guest: { tdAttributes: new Uint8Array(8) } })
    const guest = await Promise.all(quoted.map(({ name, bytes }) => write(`td-${name}`, bytes)))
    const { warnings, failures } = await answer(...guest, ...AT)
    expect(warnings).toEqual([expect.stringMatching(/^SEPT_VE_DISABLE is not set: /)])
    expect(failures.map(({ code }) => code)).toEqual(['SIMULATED_NOT_ACCEPTED'])
    const { stderr } = await bob('evidence', ...guest, ...AT)
    expect(stderr).toContain('bob: warning: SEPT_VE_DISABLE is not set: ')
    expect((await answer(...files, ...AT)).warnings).toEqual([])
  })

  test('names a revocation list that concerns none of the evidence', async () => {
    const { bytes } = await openSimulatedNitro().revoke('root', { thisUpdate: 1, nextUpdate: 2, revoked: [] })
    const stranger = await write('stranger.crl', bytes)
    const given = await answer(...files, stranger, ...AT, '--policy', policy)
    expect([given.verdict, given.ignored]).toEqual(['accepted', [stranger]])
    const { stderr } = await bob('evidence', ...files, stranger, ...AT, '--policy', policy)
    expect(stderr).toContain(`bob: ignored ${stranger}: `)
  })

  test('refuses simulated evidence where no policy names it: 3', async () => {
    const given = await answer(...files, ...AT)
    expect(given).toMatchObject({
      exit: 3,
      verdict: 'refused',
      failures: [{ stage: 'appraise', code: 'SIMULATED_NOT_ACCEPTED' }],
    })
  })

  test('says of a refusal which field, what was wanted and what given', async () => {
    const other = (await readFile(policy, 'utf8')).replace(measurement, '00'.repeat(48))
    const given = await answer(...files, ...AT, '--policy', await write('other.yaml', other))
    expect(given.failures).toEqual([
      {
        stage: 'appraise',
        code: 'MEASUREMENT_NOT_ACCEPTED',
        field: 'measurements',
        wanted: '00'.repeat(48),
        given: measurement,
        message: expect.stringContaining('MEASUREMENT must be one that the policy names'),
      },
    ])
    const words = await bob('evidence', ...files, ...AT, '--policy', path('other.yaml'))
    expect(words.stderr).toContain(`bob: hint: measurements: wanted ${'00'.repeat(48)}`)
  })

  test('ends with 2 for what is false, whatever a policy says', async () => {
    const given = await answer(...files, '--at', '2100-01-01', '--policy', policy)
    expect(given).toMatchObject({ exit: 2, verdict: 'false', kind: 'simulated-snp' })
    expect(new Set(given.failures.map(({ stage, code }) => `${stage} ${code}`))).toEqual(
      new Set(['authenticate CERTIFICATE_EXPIRED', 'authenticate COLLATERAL_EXPIRED']),
    )
  })

  test('ends with 2 for what is false, whatever beside it cannot be read, and says both', async () => {
    const report = new Uint8Array(await readFile(path('report.bin')))
    const spoiled = await write('false.bin', report.with(0x90, 0))
    const cut = await write('cut.der', (await readFile(path('vcek.der'))).subarray(0, 400))
    const given = await answer(spoiled, cut, ...files.slice(1), ...AT)
    expect(given.failures.map(({ stage, code }) => [stage, code])).toEqual([
      ['parse', 'DER_MALFORMED'],
      ['authenticate', 'EVIDENCE_SIGNATURE_FALSE'],
    ])
    expect(given).toMatchObject({ exit: 2, verdict: 'false' })
  })

  test('ends with 3 for another nonce', async () => {
    const given = await answer(...files, ...AT, '--policy', policy, '--nonce', 'ff')
    expect(given.failures.map(({ code }) => code)).toEqual(['NONCE_MISMATCH'])
  })

  test('ends with 4 without evidence, without a certificate, and for a report that does not parse', async () => {
    expect(await answer(policy, ...AT)).toMatchObject({
      exit: 4,
      verdict: 'undecided',
      kind: null,
      failures: [{ stage: 'parse', code: 'EVIDENCE_MISSING' }],
    })
    expect(await answer(...files.slice(0, 1), ...AT)).toMatchObject({
      exit: 4,
      verdict: 'undecided',
      kind: 'sev-snp',
      failures: [{ stage: 'authenticate', code: 'COLLATERAL_MISSING' }],
    })
    const report = new Uint8Array(await readFile(path('report.bin')))
    const spoiled = await write('spoiled.bin', report.with(0x4c, 1))
    expect(await answer(spoiled, ...files.slice(1), ...AT)).toMatchObject({
      exit: 4,
      failures: [{ stage: 'parse', code: 'NOT_CANONICAL' }],
    })
  })

  test('lists what it does not know as ignored', async () => {
    const notes = await write('notes.txt', 'hello')
    expect((await answer(...files, notes, ...AT, '--policy', policy)).ignored).toEqual([notes])
  })

  test('ends with 1 for a wrong call', async () => {
    for (const args of [['evidence'], ['evidence', path('nowhere')], ['evidence', ...files, '--nonce', 'XY']])
      expect((await bob(...args)).exit).toBe(1)
  })
})

describe('bob policy', () => {
  const ID = /^01[0-9a-f]{62}$/

  test('init writes what loads once it is filled in, and not before', async () => {
    const draft = path('draft.yaml')
    expect((await bob('policy', 'init', '--out', draft)).exit).toBe(0)
    const refused = await bob('policy', 'check', draft)
    expect(refused.exit).toBe(4)
    expect(refused.stderr).toContain('[VALUE_MALFORMED]')
  })

  test('id prints the id alone, the same for every spelling', async () => {
    const { stdout, exit } = await bob('policy', 'id', policy)
    expect([exit, ID.test(stdout.trim())]).toEqual([0, true])
    const json = await bob('policy', 'show', policy, '--json')
    const inJson = await write('policy.json', json.stdout)
    expect((await bob('policy', 'id', inJson)).stdout).toBe(stdout)
    expect(JSON.parse((await bob('policy', 'id', inJson, '--json')).stdout)).toEqual({
      policy_id: stdout.trim(),
    })
  })

  test('show says what a policy says', async () => {
    const { stdout } = await bob('policy', 'show', policy)
    expect(stdout).toMatch(/^simulated machines: admission policy\n/)
    expect(stdout).toContain(measurement)
    expect(stdout).toMatch(/→ policy id +01/)
  })

  test('check warns of what one should know', async () => {
    const lax = (await readFile(policy, 'utf8'))
      .replace('quota: 1', 'quota: none')
      .replace('debug: false', 'debug: true')
    const { exit, stderr, stdout } = await bob('policy', 'check', await write('lax.yaml', lax), '--json')
    expect(exit).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ simulated: true })
    for (const words of ['simulated evidence', 'no quota', 'may debug guests', 'every firmware of simulated'])
      expect(stderr).toContain(words)
  })

  test('check refuses YAML that two readers could take for two things', async () => {
    const twice = `${await readFile(policy, 'utf8')}\nquota: none\n`
    const { exit, stderr } = await bob('policy', 'check', await write('twice.yaml', twice))
    expect([exit, stderr.includes('[YAML_MALFORMED]')]).toEqual([4, true])
  })

  test('check refuses a policy that mixes simulated evidence with genuine', async () => {
    const text = (await bob('policy', 'show', policy, '--json')).stdout
    const json = JSON.parse(text) as { evidence: Record<string, unknown> }
    const pins = json.evidence['simulated-snp'] as object
    const milan = '9f056bee44377e29308cb5ffa895bdfb62d18881fa6bed8d6f075b0204089cb9'
    const genuine = {
      ...pins,
      roots: [milan],
      tcb: { milan: { bootloader: 1, tee: 0, snp: 8, microcode: 115 } },
    }
    const mixed = { ...json, evidence: { ...json.evidence, 'sev-snp': genuine } }
    const { exit, stderr } = await bob('policy', 'check', await write('mixed.json', JSON.stringify(mixed)))
    expect([exit, stderr.includes('[POLICY_UNSOUND]')]).toEqual([4, true])
  })
})

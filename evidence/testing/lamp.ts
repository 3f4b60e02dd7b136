import { sha256 } from '@noble/hashes/sha2.js'
import { ascii, type Checks, concat, equalBytes, must, toHex } from '@vouch/protocol'
import { fixedBytes, list, record } from '@vouch/protocol/codec'
import type { VendorAnchor } from '../src/core/anchors.js'
import { attempt } from '../src/core/checks.js'
import { Walk } from '../src/core/explain.js'
import type { EvidenceFile } from '../src/core/file.js'
import { rootsTemplate, unsound } from '../src/core/policy/frame.js'
import { beginsLike } from '../src/core/resemblance.js'
import { reportSlots, type VendorClaims } from '../src/vendors/claims.js'
import { onePart } from '../src/vendors/sorted.js'
import type { Vendor, VendorEvidence } from '../src/vendors/vendor.js'
import { isSignedRaw } from '../src/x509/algorithms.js'
import type { Certificate } from '../src/x509/certificate.js'
import { checkPath, checkRevocation } from '../src/x509/chain.js'
import { commonNamed } from '../src/x509/issue/certificates.js'
import { keyCertificate } from '../src/x509/issue/key-certificate.js'
import { ECDSA_SHA256, rawSignature } from '../src/x509/issue/schemes.js'
import { importKey } from '../src/x509/keys.js'
import { pathFrom } from '../src/x509/path.js'
import type { RevocationList } from '../src/x509/revocation.js'
import { checkRoot } from '../src/x509/root.js'

// A ninth vendor, made up: lamps that sign what colour they are. All that there is of it is in this file, as all that there is of a
// genuine vendor is in one folder.

const MAGIC = ascii('LAMP')
const BYTES = { report_data: 64, colour: 32, signature: 64 } as const
const SIGNED = MAGIC.length + BYTES.report_data + BYTES.colour
const KEY = { name: 'ECDSA', namedCurve: 'P-256' }

interface LampEvidence extends VendorEvidence {
  readonly format: 'lamp'
  readonly reportData: Uint8Array
  readonly colour: Uint8Array
  readonly signed: Uint8Array
  readonly signature: Uint8Array
  readonly certificates: readonly Certificate[]
  readonly revocationLists: readonly RevocationList[]
}

interface LampClaims extends VendorClaims {
  readonly kind: 'lamp'
  readonly root: VendorAnchor
  readonly colour: Uint8Array
}

interface LampPins {
  readonly roots: readonly Uint8Array[]
  readonly colours: readonly Uint8Array[]
}

async function authenticateLamp(
  checks: Checks,
  { signed, signature, certificates, revocationLists, ...evidence }: LampEvidence,
  at: number,
  anchors: readonly VendorAnchor[],
): Promise<LampClaims | undefined> {
  const leaf = certificates.find(({ commonName }) => commonName === 'lamp')
  must(checks, leaf !== undefined, 'COLLATERAL_MISSING', { rule: "the lamp's certificate must come along" })
  const path = leaf === undefined ? undefined : await pathFrom(checks, leaf, { certificates, at, anchors })
  if (path === undefined) return undefined
  const root = checkRoot(checks, path, anchors)
  if (root === undefined) return undefined
  await checkPath(checks, path, at)
  const collateral = await checkRevocation(checks, path, revocationLists, at, [])
  const holds = await attempt(checks, async () =>
    isSignedRaw(await importKey(path[0].spki, KEY), 'SHA-256', signature, signed),
  )
  if (holds !== undefined)
    must(checks, holds, 'EVIDENCE_SIGNATURE_FALSE', { rule: 'a lamp must sign what it says' })
  return { kind: 'lamp', root, slots: reportSlots(evidence), colour: evidence.colour, collateral }
}

/** The record of lamps whose root this is. */
export const lampVendor = (
  anchors: readonly VendorAnchor[],
): Vendor<LampEvidence, { readonly lamp: { readonly pins: LampPins; readonly claims: LampClaims } }> => ({
  anchors,
  parts: {
    'lamp-report': {
      looksLike: (bytes) => beginsLike(bytes, MAGIC),
      explain: [
        'lamp: what it says of itself',
        (bytes) => {
          const walk = new Walk(bytes)
          walk.take('magic', MAGIC.length)
          for (const [name, size] of Object.entries(BYTES)) walk.take(name, size)
          return walk.fields
        },
      ],
    },
  },
  format: {
    name: 'lamp',
    main: 'lamp-report',
    beside: [],
    parse: ({ parts, certificates, revocationLists }) => {
      const { bytes } = onePart(parts, 'lamp-report')
      return {
        format: 'lamp',
        reportData: bytes.subarray(MAGIC.length, MAGIC.length + BYTES.report_data),
        colour: bytes.subarray(MAGIC.length + BYTES.report_data, SIGNED),
        signed: bytes.subarray(0, SIGNED),
        signature: bytes.subarray(SIGNED),
        certificates,
        revocationLists,
      }
    },
    authenticate: (checks, evidence, at) => authenticateLamp(checks, evidence, at, anchors),
    slots: reportSlots,
    purported: () => 'lamp',
    published: () => [
      [{ origin: 'https://lamps.example', path: '/l', form: 'catalogue', file: 'l', constant: true }],
    ],
  },
  kinds: {
    lamp: {
      number: 17,
      simulated: false,
      title: 'lamps',
      pins: record<LampPins>({
        roots: list(fixedBytes(32), { min: 1, max: 8, anyOrder: true }),
        colours: list(fixedBytes(BYTES.colour), { min: 0, max: 8, anyOrder: true }),
      }),
      assertSound: (kind, { colours }) => {
        if (colours.length === 0) throw unsound(`a policy for ${kind} must name a colour`)
      },
      warnings: () => ['lamps hide nothing'],
      appraise: (checks, { colour }, { colours }) => {
        checks.note(
          colours.some((one) => equalBytes(one, colour)),
          {
            code: 'MEASUREMENT_NOT_ACCEPTED',
            rule: 'the colour must be one that the policy names',
            field: 'colours',
            wanted: colours.map(toHex).join(' or '),
            given: toHex(colour),
          },
        )
      },
      inspect: (checks) => checks.leave('the colour: no policy was given'),
      template: (kind) => `${rootsTemplate(anchors, kind)}\n    colours:\n      - <colour>\n`,
    },
  },
  forms: { catalogue: (bytes) => beginsLike(bytes, ascii('ALL LAMPS')) || undefined },
  services: { lamps: 'https://lamps.example' },
  explainCertificate: ({ commonName }) => (commonName === 'lamp' ? [{ name: 'watts', value: '40' }] : []),
})

/** A root of lamps, and one lamp: its files say what it is told. */
export async function newLamp(now: number) {
  const pair = () => crypto.subtle.generateKey(KEY, true, ['sign', 'verify'])
  const spkiOf = async ({ publicKey }: CryptoKeyPair) =>
    new Uint8Array(await crypto.subtle.exportKey('spki', publicKey))
  const [rootKeys, lampKeys] = [await pair(), await pair()]
  const life = { notBefore: now - 1000, notAfter: now + 1000 }
  const rootSpki = await spkiOf(rootKeys)
  const issuer = { subject: commonNamed('lamp root'), key: rootKeys.privateKey, scheme: ECDSA_SHA256 }
  const root = await keyCertificate(
    { serial: 1, commonName: 'lamp root', spki: rootSpki, pathLength: 1, ...life },
    issuer,
  )
  const leaf = await keyCertificate(
    { serial: 2, commonName: 'lamp', spki: await spkiOf(lampKeys), ...life },
    issuer,
  )
  const anchor: VendorAnchor = { name: 'lamps', kind: 'lamp', spki: sha256(rootSpki) }
  return {
    anchor,
    async attest(reportData: Uint8Array, colour: Uint8Array): Promise<readonly EvidenceFile[]> {
      const signed = concat(MAGIC, reportData, colour)
      const signature = await rawSignature(lampKeys.privateKey, 'SHA-256', signed)
      return [
        { name: 'lamp.bin', bytes: concat(signed, signature) },
        { name: 'leaf.der', bytes: leaf },
        { name: 'root.der', bytes: root },
      ]
    },
  }
}

import { sha256 } from '@noble/hashes/sha2.js'
import { ascii, type Checks, concat, equalBytes, must, toHex } from '@vouch/protocol'
import { attempt } from '../../core/checks.js'
import { isSignedRaw } from '../../x509/algorithms.js'
import type { Certificate } from '../../x509/certificate.js'
import { type Collateral, checkPath, type Path } from '../../x509/chain.js'
import { isSameRoot } from '../../x509/issuer.js'
import { importKey } from '../../x509/keys.js'
import { checkPublished, isIssuer, together } from '../../x509/lists.js'
import { pathFrom } from '../../x509/path.js'
import type { RevocationList } from '../../x509/revocation.js'
import { checkRoot } from '../../x509/root.js'
import type { Slot } from '../claims.js'
import type { Sorted } from '../sorted.js'
import { NVIDIA_ANCHORS, NVIDIA_ROOTS, type NvidiaAnchor } from './anchors.js'
import { isDeviceLeaf, readDice } from './dice.js'
import { OPAQUE, SPDM_SIGNATURE_BYTES } from './layout.js'
import { parseSpdm } from './spdm.js'
import type { Device, NvidiaClaims, NvidiaEvidence, SpdmMessage } from './types.js'

/** As many as a machine holds; each may have to be tried with each key. */
const MAX_DEVICES = 16
const ECDSA_P384 = { name: 'ECDSA', namedCurve: 'P-384' }

/** Device messages with the certificates and lists that came along. */
export function parseNvidia({ parts, certificates, revocationLists }: Sorted): NvidiaEvidence {
  const messages = (parts['spdm-message'] ?? []).map(({ bytes }) => parseSpdm(bytes))
  return { format: 'nvidia', messages, certificates, revocationLists }
}

/** Checks each device's message against its chain and the chains against a pinned root. */
export async function authenticateNvidia(
  checks: Checks,
  evidence: NvidiaEvidence,
  at: number,
): Promise<NvidiaClaims | undefined> {
  const found = await authenticateDevices(checks, evidence, at)
  const [first] = found?.devices ?? []
  if (found === undefined || first === undefined) return undefined
  const { devices, collateral } = found
  return { kind: first.root.kind, devices, slots: deviceSlots(devices), collateral }
}

/** The devices, when all of them are authentic, and what lists leave behind. */
export async function authenticateDevices(
  checks: Checks,
  { messages, certificates, revocationLists }: NvidiaEvidence,
  at: number,
): Promise<{ readonly devices: readonly Device[]; readonly collateral: Collateral } | undefined> {
  const leaves = certificates.filter(isDeviceLeaf)
  const isFew = must(checks, messages.length <= MAX_DEVICES && leaves.length <= MAX_DEVICES, 'TOO_LARGE', {
    rule: `there must be at most ${MAX_DEVICES} devices`,
    given: `${messages.length}`,
  })
  if (!isFew) return undefined
  // 1. Whose messages they are, the signatures say: names of files say nothing.
  const signers: (Certificate | undefined)[] = []
  for (const message of messages) {
    checkTrailing(checks, message)
    signers.push(await signerOf(message, leaves))
  }
  const given: Given = {
    certificates,
    at,
    used: new Set<Certificate>(),
    roots: new Map<Certificate, NvidiaAnchor>(),
    paths: [],
  }
  const devices: Device[] = []
  for (const [i, message] of messages.entries()) {
    const leaf = signers[i]
    if (leaf === undefined) checkUnsigned(checks, leaves, signers)
    const device = leaf === undefined ? undefined : await authenticateDevice(checks, message, leaf, given)
    if (device !== undefined) devices.push(device)
  }
  // 2. Every certificate is of a chain, as far as chains are whole: of one that is not, no check can tell what it needs.
  if (signers.every((leaf) => leaf !== undefined && given.used.has(leaf)))
    must(
      checks,
      certificates.every((one) =>
        [...given.used].some((other) => one === other || isSameRoot(NVIDIA_ANCHORS, one, other)),
      ),
      'COLLATERAL_CONFLICT',
      {
        rule: 'certificates given with devices must be of their chains',
        hint: 'leave out those that are for other devices',
      },
    )
  const collateral = await checkLists(checks, given.paths, revocationLists, at)
  checks.leave('firmware against its manifests (RIM), and revocation by OCSP: NVIDIA answers online alone')
  return devices.length === messages.length ? { devices, collateral } : undefined
}

/**
 * Checks each list against the chains that it is for. NVIDIA's are in force for months and years: that they are, is looked at, and
 * how old they are leaves nothing behind for a policy that wants what is renewed each week or month.
 */
async function checkLists(
  checks: Checks,
  paths: readonly Path[],
  lists: readonly RevocationList[],
  at: number,
): Promise<Collateral> {
  const found: Collateral[] = []
  for (const path of paths) {
    const ofPath = lists.filter((list) => path.slice(1).some((issuer) => isIssuer(issuer, list)))
    const { oldest: _, ...rest } = await checkPublished(checks, path, ofPath, at)
    found.push(rest)
  }
  const issuers = paths.flatMap(([, ...above]) => above)
  must(
    checks,
    lists.every((list) => issuers.some((issuer) => isIssuer(issuer, list))),
    'COLLATERAL_MISSING',
    {
      rule: 'the issuer of each revocation list must be in a chain',
      hint: 'leave out lists that are for other devices',
    },
  )
  return together(found)
}

/**
 * A message that no device certificate signed. One that signed no other message was given for this one, and the message is false;
 * where there is none, the certificate of the device is missing.
 */
function checkUnsigned(
  checks: Checks,
  leaves: readonly Certificate[],
  signers: readonly (Certificate | undefined)[],
): void {
  const isGiven = leaves.some((leaf) => !signers.includes(leaf))
  must(checks, isGiven, 'COLLATERAL_MISSING', { rule: "a device's certificate must come with its message" })
  if (isGiven)
    must(checks, false, 'EVIDENCE_SIGNATURE_FALSE', {
      rule: 'the message must be signed by the key of a device certificate that came along',
    })
}

interface Given {
  readonly certificates: readonly Certificate[]
  readonly at: number
  /** The certificates of chains that are whole. */
  readonly used: Set<Certificate>
  /** Leaves whose chain was checked already, with the root it led to. */
  readonly roots: Map<Certificate, NvidiaAnchor>
  /** Chains that lead to a pinned root, each once. */
  readonly paths: Path[]
}

async function authenticateDevice(
  checks: Checks,
  message: SpdmMessage,
  leaf: Certificate,
  given: Given,
): Promise<Device | undefined> {
  // 1. The firmware that the message names is what the key was made for. A chain that is missing must not hide that it is not.
  const dice = await attempt(checks, () => readDice(leaf))
  const fwid = opaqueOf(message, OPAQUE.FWID)
  if (fwid === undefined) checks.leave('FWID: the message has none')
  else if (dice !== undefined)
    must(
      checks,
      dice.fwids.some((known) => equalBytes(known, fwid)),
      'CERTIFICATE_MISMATCH',
      {
        rule: 'the FWID must be one that the certificate is for',
        given: toHex(fwid),
      },
    )

  // 2. Its chain leads to a pinned root, and is in force.
  const root = given.roots.get(leaf) ?? (await checkChain(checks, leaf, given))
  if (root === undefined || dice === undefined) return undefined
  const issuer = given.certificates.find(({ subject }) => equalBytes(subject, leaf.issuer))
  if (dice.deviceKey !== undefined && issuer !== undefined)
    must(checks, equalBytes(dice.deviceKey, issuer.spki), 'CERTIFICATE_MISMATCH', {
      rule: 'the device key in the certificate must be the key that issued it',
    })
  return deviceOf(message, leaf, root, fwid)
}

function checkTrailing(checks: Checks, { trailing }: SpdmMessage): void {
  if (trailing.length === 0) return
  const isPadding = must(
    checks,
    trailing.every((byte) => byte === 0),
    'EVIDENCE_TRAILING',
    {
      rule: 'nothing but zeros may follow a signature',
      given: `${trailing.length} bytes`,
    },
  )
  if (isPadding) checks.leave(`${trailing.length} bytes of zeros behind a signature: padding`)
}

async function signerOf(
  { bytes, signature }: SpdmMessage,
  leaves: readonly Certificate[],
): Promise<Certificate | undefined> {
  const content = bytes.subarray(0, bytes.length - SPDM_SIGNATURE_BYTES)
  for (const leaf of leaves) {
    // A key of another type signed nothing here; its chain, where one is needed, refuses it.
    const key = await importKey(leaf.spki, ECDSA_P384).catch(() => undefined)
    if (key !== undefined && (await isSignedRaw(key, 'SHA-384', signature, content))) return leaf
  }
  return undefined
}

async function checkChain(
  checks: Checks,
  leaf: Certificate,
  { certificates, at, used, roots, paths }: Given,
): Promise<NvidiaAnchor | undefined> {
  const path = await pathFrom(checks, leaf, { certificates, at, anchors: NVIDIA_ANCHORS })
  if (path === undefined) return undefined
  for (const certificate of path) used.add(certificate)
  const root = checkRoot(checks, path, NVIDIA_ANCHORS)
  if (root === undefined) return undefined // a stranger's chain is not worth checking
  await checkPath(checks, path, at, NVIDIA_ROOTS)
  paths.push(path)
  roots.set(leaf, root)
  return root
}

function deviceOf(
  message: SpdmMessage,
  leaf: Certificate,
  root: NvidiaAnchor,
  fwid: Uint8Array | undefined,
): Device {
  const driver = opaqueOf(message, OPAQUE.DRIVER_VERSION)
  const vbios = opaqueOf(message, OPAQUE.VBIOS_VERSION)
  return {
    root,
    name: leaf.commonName,
    identity: sha256(concat(ascii('vouch-device-v1'), sha256(leaf.spki))),
    nonce: message.nonce,
    ...(driver === undefined ? {} : { driver: textOf(driver) }),
    // The vendor writes these numbers with their lowest byte first, and shows them with it last.
    ...(vbios === undefined ? {} : { vbios: toHex(vbios.toReversed()) }),
    ...(fwid === undefined ? {} : { fwid }),
    measurements: message.measurements,
    canonical: message.bytes,
  }
}

function opaqueOf({ opaque }: SpdmMessage, type: number): Uint8Array | undefined {
  return opaque.find((field) => field.type === type)?.value
}

/** A version for messages and policies: printable, without the zero behind it. */
function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return String.fromCharCode(...bytes.subarray(0, end < 0 ? bytes.length : end)).replace(/[^\x20-\x7e]/g, '?')
}

/** What is asked of devices goes into what they sign. */
export const deviceSlots = (messages: readonly Pick<SpdmMessage, 'nonce'>[]): readonly Slot[] =>
  messages.map(({ nonce }) => ({ name: 'nonce', bytes: nonce, holds: 'nonce' }))

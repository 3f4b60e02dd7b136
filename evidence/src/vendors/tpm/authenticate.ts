import { sha256 } from '@noble/hashes/sha2.js'
import { ascii, type Checks, concat, equalBytes, must } from '@vouch/protocol'
import { attempt } from '../../core/checks.js'
import type { Certificate } from '../../x509/certificate.js'
import { type Collateral, checkPath, checkRevocation } from '../../x509/chain.js'
import { mayUse, USE } from '../../x509/key-usage.js'
import { pathFrom } from '../../x509/path.js'
import { checkRoot } from '../../x509/root.js'
import { TPM_ANCHORS, TPM_ROOTS, type TpmAnchor } from './anchors.js'
import { isRestrictedSigner, nameOf, spkiOf } from './public-area.js'
import { checkQuote, checkQuoted, quoteSlots } from './quote.js'
import type { TpmClaims, TpmEvidence } from './types.js'

/**
 * Checks a quote against its attestation key, and the key against a pinned root when a chain came along. A key without one
 * is authentic as itself and as nothing else: only a policy that names the key takes it.
 */
export async function authenticateTpm(
  checks: Checks,
  evidence: TpmEvidence,
  at: number,
): Promise<TpmClaims | undefined> {
  // 1. What came along is what the quote speaks of.
  const quoted = checkQuoted(checks, evidence)

  // 2. The attestation key: all that speak of it mean the same.
  const found = await attempt(checks, () => findKey(checks, evidence))
  if (found === undefined) return undefined
  const { spki, certificate } = found

  // 3. It is one that signs nothing but what its TPM says, and signed the quote.
  checkPublicArea(checks, evidence)
  const quote = await checkQuote(checks, evidence, spki, quoted)

  // 4. Its chain leads to a root that is pinned, and is in force.
  const chain =
    certificate === undefined ? nobodysKey(checks) : await checkChain(checks, certificate, evidence, at)
  if (quote === undefined || chain === undefined) return undefined
  const { root, collateral } = chain
  const kind = root?.kind ?? 'tpm'
  const attestationKey = sha256(spki)
  return {
    kind,
    attestationKey,
    machineIdentity: sha256(concat(ascii('vouch-machine-v1'), sha256(ascii(kind)), attestationKey)),
    ...(root === undefined ? {} : { root }),
    slots: quoteSlots(evidence),
    quote,
    collateral,
  }
}

interface FoundKey {
  readonly spki: Uint8Array
  readonly certificate?: Certificate
}

/** The key by itself, in its public area, or in a certificate: the same one wherever it stands. */
async function findKey(checks: Checks, evidence: TpmEvidence): Promise<FoundKey | undefined> {
  const { keys, publicArea, certificates } = evidence
  const area = publicArea === undefined ? undefined : await attempt(checks, () => spkiOf(publicArea.area))
  const bare = [...keys, ...(area === undefined ? [] : [area])]
  const [spki] = bare
  if (spki === undefined) {
    const signers = certificates.filter(maySign)
    must(checks, signers.length > 0, 'COLLATERAL_MISSING', {
      rule: 'the attestation key must come with the quote: its certificate, or itself',
    })
    if (signers.length > 1)
      must(checks, false, 'COLLATERAL_CONFLICT', {
        rule: 'the certificate of an attestation key must come once',
      })
    const [certificate] = signers
    return certificate === undefined || signers.length > 1
      ? undefined
      : { spki: certificate.spki, certificate }
  }
  const isOne = must(
    checks,
    bare.every((other) => equalBytes(other, spki)),
    'COLLATERAL_CONFLICT',
    { rule: 'the attestation key must be the same wherever it stands' },
  )
  if (!isOne) return undefined
  // Other certificates, such as an endorsement key's, say nothing of this key.
  const certificate = certificates.find((candidate) => equalBytes(candidate.spki, spki))
  if (certificate === undefined && certificates.length > 0)
    checks.leave('certificates: none of them is of the attestation key')
  return certificate === undefined ? { spki } : { spki, certificate }
}

/** Whether a certificate is of a key that signs. Endorsement keys, under the same root, do not. */
const maySign = (certificate: Certificate): boolean => mayUse(certificate, USE.DIGITAL_SIGNATURE)

interface Chain {
  readonly root?: TpmAnchor
  readonly collateral: Collateral
}

function nobodysKey(checks: Checks): Chain {
  checks.leave('whose the attestation key is: no certificate of it was given')
  return { collateral: { missing: [] } }
}

async function checkChain(
  checks: Checks,
  certificate: Certificate,
  { certificates, revocationLists }: TpmEvidence,
  at: number,
): Promise<Chain | undefined> {
  const path = await pathFrom(checks, certificate, { certificates, at, anchors: TPM_ANCHORS })
  if (path === undefined) return undefined
  const root = checkRoot(checks, path, TPM_ANCHORS)
  if (root === undefined) return undefined
  must(checks, maySign(certificate), 'CERTIFICATE_MISMATCH', {
    rule: `${certificate.commonName} must be certified for signatures`,
  })
  await checkPath(checks, path, at, TPM_ROOTS)
  return { root, collateral: await checkRevocation(checks, path, revocationLists, at, path.slice(-1)) }
}

/** An unrestricted key signs whatever it is given, a quote that no TPM made included. */
function checkPublicArea(checks: Checks, { publicArea, creation }: TpmEvidence): void {
  if (publicArea === undefined) {
    checks.leave('whether the attestation key is restricted: its public area was not given')
    if (creation !== undefined)
      checks.leave('which key the creation attestation is of: no public area was given')
    return
  }
  const { area, bytes } = publicArea
  must(checks, isRestrictedSigner(area), 'EVIDENCE_SIGNATURE_FALSE', {
    rule: 'the attestation key must be restricted to what its TPM says, and never have left it',
    given: `objectAttributes 0x${area.attributes.toString(16)}`,
  })
  if (creation !== undefined)
    must(checks, equalBytes(creation.attest.objectName, nameOf(bytes, area)), 'EVIDENCE_BINDING_FALSE', {
      rule: 'the creation attestation must be of the attestation key',
    })
}

import { type Checks, equalBytes, must } from '@vouch/protocol'
import { attempt } from '../../core/checks.js'
import { isSignedRaw } from '../../x509/algorithms.js'
import type { Certificate } from '../../x509/certificate.js'
import { type Collateral, checkIssued, checkRevocation, date } from '../../x509/chain.js'
import { importKey } from '../../x509/keys.js'
import { isRevoked } from '../../x509/revocation.js'
import type { PckChain } from './chain.js'
import type { DcapEvidence, IntelDocument, QeIdentity, TcbInfo } from './types.js'

/** What Intel publishes of a platform, and what is signed of it. */
export interface Documents {
  readonly info: TcbInfo
  readonly identity: QeIdentity
  /** The certificates of the keys that sign such documents. */
  readonly signers: readonly Certificate[]
  readonly collateral: Collateral
}

/** Which documents are for the quotes of a TEE, by their ids. */
export const DOCUMENTS_FOR = {
  tdx: { info: 'TDX', identity: 'TD_QE' },
  sgx: { info: 'SGX', identity: 'QE' },
} as const

/** A certificate that the root issues for signing documents; its name is the root's word, once its signature holds. */
const SIGNER = / SGX TCB Signing$/
export const isTcbSigner = ({ commonName }: Certificate): boolean => SIGNER.test(commonName)
const ECDSA_P256 = { name: 'ECDSA', namedCurve: 'P-256' }

/** Checks revocation lists, TCB info and identity: each must be there, signed, in force, and for this quote's TEE. */
export async function checkCollateral(
  checks: Checks,
  evidence: DcapEvidence,
  { chain, tee, at }: { readonly chain: PckChain; readonly tee: 'tdx' | 'sgx'; readonly at: number },
): Promise<Documents | undefined> {
  const { leaf, issuer, root } = chain
  const lists = evidence.revocationLists
  const revocation = await checkRevocation(checks, [leaf, issuer, root], lists, at, [issuer, root])
  for (const name of revocation.missing)
    must(checks, false, 'COLLATERAL_MISSING', {
      rule: `the revocation list of ${name} must come with the quote`,
    })

  const signers = evidence.certificates.filter(
    (certificate) => isTcbSigner(certificate) && equalBytes(certificate.issuer, root.subject),
  )
  for (const signer of signers) {
    await checkIssued(checks, signer, root, at)
    const isListed = lists.some(
      (list) => equalBytes(list.issuer, root.subject) && isRevoked(list, signer.serial),
    )
    must(checks, !isListed, 'CERTIFICATE_REVOKED', {
      rule: `${signer.commonName} must not be on ${root.commonName}'s revocation list`,
    })
  }
  must(checks, signers.length > 0, 'COLLATERAL_MISSING', {
    rule: 'the certificate of the key that signs TCB info must come with the quote',
  })

  const wanted = DOCUMENTS_FOR[tee]
  const info = await checkDocument(checks, evidence.tcbInfos, {
    what: 'TCB info',
    id: wanted.info,
    signers,
    at,
  })
  const identity = await checkDocument(checks, evidence.identities, {
    what: 'identity of the quoting enclave',
    id: wanted.identity,
    signers,
    at,
  })
  if (info === undefined || identity === undefined) return undefined
  // The root's list is renewed once a year: a bound on age is for what is renewed each month.
  const monthly = lists.filter((list) => equalBytes(list.issuer, issuer.subject))
  const nextUpdates = [info.nextUpdate, identity.nextUpdate, ...lists.map(({ nextUpdate }) => nextUpdate)]
  const collateral = {
    oldest: Math.min(info.issueDate, identity.issueDate, ...monthly.map(({ thisUpdate }) => thisUpdate)),
    nextUpdate: Math.min(...nextUpdates),
    missing: revocation.missing,
  }
  return { info, identity, signers, collateral }
}

interface Wanted {
  readonly what: string
  readonly id: string
  readonly signers: readonly Certificate[]
  readonly at: number
}

type Content = TcbInfo | QeIdentity

async function checkDocument<T extends Content>(
  checks: Checks,
  documents: readonly IntelDocument<T>[],
  { what, id, signers, at }: Wanted,
): Promise<T | undefined> {
  for (const { content } of documents) {
    if (content.id !== id) checks.leave(`${what} ${content.id}: it is not for this quote`)
  }
  const document = documents.find(({ content }) => content.id === id)
  must(checks, document !== undefined, 'COLLATERAL_MISSING', {
    rule: `the ${what} ${id} must come with the quote`,
    hint: "fetch it from Intel's provisioning certification service",
  })
  if (document === undefined) return undefined
  const { issueDate, nextUpdate } = document.content
  const [signer] = signers
  if (signer !== undefined)
    must(checks, await isSignedByOne(checks, document, signers), 'COLLATERAL_SIGNATURE_FALSE', {
      rule: `the ${what} must be signed by ${signer.commonName}`,
    })
  must(checks, issueDate <= at && at <= nextUpdate, 'COLLATERAL_EXPIRED', {
    rule: `the ${what} must be in force: from ${date(issueDate)} to ${date(nextUpdate)}`,
    given: date(at),
  })
  return document.content
}

/** While the vendor changes its key, documents come under the old one and the new. */
async function isSignedByOne(
  checks: Checks,
  { bytes, signature }: IntelDocument<unknown>,
  signers: readonly Certificate[],
): Promise<boolean> {
  for (const { spki } of signers) {
    const key = await attempt(checks, () => importKey(spki, ECDSA_P256))
    if (key !== undefined && (await isSignedRaw(key, 'SHA-256', signature, bytes))) return true
  }
  return false
}

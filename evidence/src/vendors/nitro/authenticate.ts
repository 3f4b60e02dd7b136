import { type Checks, equalBytes, must } from '@vouch/protocol'
import { attempt } from '../../core/checks.js'
import { isSignedRaw } from '../../x509/algorithms.js'
import { parseCertificate } from '../../x509/certificate.js'
import { type Collateral, checkPath, type Path } from '../../x509/chain.js'
import { importKey } from '../../x509/keys.js'
import { checkPublished } from '../../x509/lists.js'
import { checkRoot } from '../../x509/root.js'
import { NITRO_ANCHORS, NITRO_ROOTS, type NitroAnchor } from './anchors.js'
import { certificatesIn, documentSlots, signedBytes } from './document.js'
import type { NitroClaims, NitroDocument, NitroEvidence } from './types.js'

const ECDSA_P384 = { name: 'ECDSA', namedCurve: 'P-384' }

/** Checks a document against its chain and the chain against a pinned root. */
export async function authenticateNitro(
  checks: Checks,
  { signed, certificates, revocationLists }: NitroEvidence,
  at: number,
): Promise<NitroClaims | undefined> {
  const { document, payload, signature, trailing } = signed
  must(checks, trailing.length === 0, 'EVIDENCE_TRAILING', {
    rule: 'a document must be all that is in its file',
    given: `${trailing.length} bytes behind it`,
  })

  // 1. The certificates, which the document carries: those given beside it can only be the same.
  const path = await attempt(checks, () => pathOf(document))
  if (path === undefined) return undefined
  const [leaf] = path
  must(
    checks,
    certificates.every(({ der }) => path.some((own) => equalBytes(own.der, der))),
    'COLLATERAL_CONFLICT',
    {
      rule: "certificates given beside a document must be the document's own",
      hint: 'leave them out: the document has what it needs',
    },
  )

  // 2. The root is one that is pinned: by its key, as its name proves nothing.
  const root = checkRoot(checks, path, NITRO_ANCHORS)
  if (root === undefined) return undefined // a stranger's chain is not worth checking

  // 3. Each certificate is issued by the next, in force, and not revoked. AWS publishes lists of the root, which name authorities of
  // regions, and of those, which name authorities of zones; what these issue, for machines and enclaves, lives for a day at most.
  await checkPath(checks, path, at, NITRO_ROOTS)
  const collateral = await checkPublished(checks, path, revocationLists, at)

  // 4. The document is signed by the certified key, while the certificate was in force.
  const holds = await attempt(checks, async () =>
    isSignedRaw(await importKey(leaf.spki, ECDSA_P384), 'SHA-384', signature, signedBytes(payload)),
  )
  if (holds !== undefined)
    must(checks, holds, 'EVIDENCE_SIGNATURE_FALSE', {
      rule: 'the document must be signed by the key of its certificate',
    })
  const seconds = document.timestamp / 1000
  must(checks, leaf.notBefore <= seconds && seconds < leaf.notAfter + 1, 'CERTIFICATE_MISMATCH', {
    rule: "the document's timestamp must be within the life of its certificate",
    given: `${document.timestamp}`,
  })
  return claimsOf(document, root, collateral)
}

/** The chain from the document's own certificate to the root. */
function pathOf(document: NitroDocument): Path {
  const [leaf = document.certificate, ...issuers] = certificatesIn(document).toReversed()
  return [parseCertificate(leaf), ...issuers.map(parseCertificate)]
}

function claimsOf(document: NitroDocument, root: NitroAnchor, collateral: Collateral): NitroClaims {
  const { moduleId, timestamp, publicKey, userData, nonce } = document
  const zeros = document.pcrs.get(0)?.every((byte) => byte === 0) ?? true
  return {
    kind: root.kind,
    root,
    slots: documentSlots(document),
    collateral,
    moduleId,
    timestamp,
    pcrs: Object.fromEntries([...document.pcrs].map(([number, value]) => [`pcr${number}`, value])),
    debug: zeros,
    ...(publicKey === undefined ? {} : { publicKey }),
    ...(userData === undefined ? {} : { userData }),
    ...(nonce === undefined ? {} : { nonce }),
  }
}

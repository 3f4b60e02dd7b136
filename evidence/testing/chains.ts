import { sha256 } from '@noble/hashes/sha2.js'
import { type Certificate, parseCertificate } from '@vouch/evidence'
import { Checks, equalBytes, must, VouchError } from '@vouch/protocol'
import DIFFERENCES from '../../fixtures/x509/differences.json' with { type: 'json' }
import type { Suite, SuiteCase } from '../../fixtures/x509/suite.js'
import { checkPath, checkRevocation } from '../src/x509/chain.js'
import { pathFrom } from '../src/x509/path.js'
import { parseRevocationList } from '../src/x509/revocation.js'
import { checkRoot } from '../src/x509/root.js'

/** How the cases of a suite came out. */
export interface Comparison {
  readonly agreed: number
  readonly different: number
  readonly outside: number
  /** What no table explains, and what the table explains in vain, in words. */
  readonly wrong: readonly string[]
}

/** Judges every case of a suite that is a matter of vendors' chains, and compares with what the suite says. */
export async function compare(suite: Suite): Promise<Comparison> {
  const judged = suite.cases.filter(({ outside }) => outside === undefined)
  const wrong: string[] = []
  let different = 0
  for (const given of judged) {
    const codes = await judgeChain(given, suite.files)
    const verdict = codes.length === 0 ? 'accepted' : 'refused'
    const differs = given.is_valid !== (verdict === 'accepted')
    const explained = DIFFERENCES.find(({ cases }) => cases.includes(given.id))?.verdict
    if (differs) different++
    if ((differs ? verdict : undefined) === explained) continue
    const expected = given.is_valid ? 'accepted' : 'refused'
    wrong.push(
      `${given.id}: ${verdict} [${codes.join()}]; ${expected} by the suite, ${explained} by the table`,
    )
  }
  return {
    agreed: judged.length - different,
    different,
    outside: suite.cases.length - judged.length,
    wrong,
  }
}

/** Judges a chain as the formats of evidence do, under the case's roots: the codes of all that speaks against it. */
async function judgeChain(given: SuiteCase, files: Suite['files']): Promise<readonly string[]> {
  const checks = new Checks()
  try {
    await judgeRead(checks, given, (name) => decode(files[name] ?? ''))
  } catch (error) {
    if (!(error instanceof VouchError)) throw error
    return [error.code]
  }
  return checks.failures.map(({ code }) => code)
}

async function judgeRead(
  checks: Checks,
  given: SuiteCase,
  read: (name: string) => Uint8Array,
): Promise<void> {
  const certificate = (name: string): Certificate => parseCertificate(read(name))
  const roots = given.roots.map(certificate)
  const anchors = roots.map(({ spki }) => ({ name: 'root', kind: 'tpm' as const, spki: sha256(spki) }))
  const certificates = onceEach([...roots, ...given.others.map(certificate)])
  const lists = given.lists.map((name) => parseRevocationList(read(name)))
  const path = await pathFrom(checks, certificate(given.leaf), { certificates, at: given.at, anchors })
  if (path === undefined || checkRoot(checks, path, anchors) === undefined) return
  await checkPath(checks, path, given.at)
  const published = given.needs_lists ? path.slice(1) : []
  const { missing } = await checkRevocation(checks, path, lists, given.at, published)
  must(checks, missing.length === 0, 'COLLATERAL_MISSING', { rule: 'each issuer’s list must come along' })
}

/** A certificate that comes twice is one. */
const onceEach = (certificates: readonly Certificate[]): readonly Certificate[] =>
  certificates.filter(({ der }, i) => certificates.findIndex((other) => equalBytes(other.der, der)) === i)

const decode = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))

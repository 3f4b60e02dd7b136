import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeWhole } from '@vouch/host/node'
import { shown, VouchError } from '@vouch/protocol'
import {
  type Evidence,
  type EvidenceFile,
  isPublished,
  type Published,
  publishedFor,
} from '../../src/index.js'
import {
  ask,
  type VendorAnswer,
  type VendorNetwork,
  type VendorPatience,
  vendorUnreachable,
} from './answers.js'

export interface Sources extends VendorNetwork {
  readonly patience: VendorPatience
  /** Instead of the vendors' own services: one address, below which it has the same paths. */
  readonly mirror?: string | undefined
  /** Where what never changes is kept between runs. */
  readonly cache?: string | undefined
}

/** A file that a vendor has of evidence. */
export interface Fetched extends EvidenceFile {
  /** Its address, or that of the copy in the cache. */
  readonly from: string
}

/** Everything that vendors publish of a machine: all of it, or an error and nothing. */
export async function fetchPublished(evidence: Evidence, sources: Sources): Promise<readonly Fetched[]> {
  const ways = publishedFor(evidence)
  for (const way of ways) {
    const fetched = await fetchAll(way, sources)
    if (fetched !== undefined) return fetched
  }
  throw new VouchError('COLLATERAL_MISSING', {
    rule: "the vendor's service must know the machine",
    hint: 'it has no certificate for this chip and these patch levels',
  })
}

/**
 * Nothing when the first thing that is asked for is unknown, and is one of the machine's own: it goes by another product. A list is an
 * authority's, and should be there.
 */
async function fetchAll(
  way: readonly Published[],
  sources: Sources,
): Promise<readonly Fetched[] | undefined> {
  const fetched: Fetched[] = []
  for (const [i, published] of way.entries()) {
    const files = await fetchOne(published, sources)
    if (files === undefined && i === 0 && published.form !== 'revocation list') return undefined
    if (files === undefined) throw vendorUnreachable(addressOf(published, sources), 'status 404')
    fetched.push(...files)
  }
  return fetched
}

const addressOf = ({ origin, path }: Published, { mirror }: Sources): string =>
  `${mirror?.replace(/\/+$/, '') ?? origin}${path}`

async function fetchOne(published: Published, sources: Sources): Promise<readonly Fetched[] | undefined> {
  const url = addressOf(published, sources)
  const kept = await keptCopy(published, sources)
  if (kept !== undefined) return [kept]
  const answer = await ask(sources, url, sources.patience)
  if (answer === undefined) return undefined
  const files = filesIn(answer, published, url)
  const [first] = files
  const place = placeInCache(published, sources)
  if (place !== undefined && first !== undefined) {
    await mkdir(sources.cache ?? '', { recursive: true, mode: 0o700 })
    await writeWhole(place, first.bytes, 0o600)
  }
  return files
}

/** The answer's files. One that is not what was asked for is an answer of somebody else: a login page, a proxy's apology. */
function filesIn({ body, headers }: VendorAnswer, published: Published, url: string): readonly Fetched[] {
  const { file, form, issuers } = published
  if (!isPublished(form, body)) throw vendorUnreachable(url, `the answer is no ${form}`)
  const found: Fetched[] = [{ name: file, bytes: body, from: url }]
  if (issuers === undefined) return found
  const header = issuers.headers.map((name) => headers.get(name)).find((value) => value !== null)
  const chain = new TextEncoder().encode(percentDecoded(header ?? ''))
  if (!isPublished('certificates', chain))
    throw vendorUnreachable(
      url,
      `the answer must have its issuers' certificates in ${issuers.headers.join(' or ')}`,
    )
  return [...found, { name: issuers.file, bytes: chain, from: url }]
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}

/** A copy of what never changes. One that is damaged is as good as none. */
async function keptCopy(published: Published, sources: Sources): Promise<Fetched | undefined> {
  const place = placeInCache(published, sources)
  if (place === undefined) return undefined
  const bytes = await readFile(place).then(
    (file) => new Uint8Array(file),
    () => undefined,
  )
  if (bytes === undefined || !isPublished(published.form, bytes)) return undefined
  return { name: published.file, bytes, from: shown(place) }
}

/** Named by a hash: a path names the machine, and a folder's listing need not. */
function placeInCache({ constant, origin, path, file }: Published, { cache }: Sources): string | undefined {
  if (cache === undefined || !constant) return undefined
  const hash = createHash('sha256').update(`${origin}${path}`).digest('hex')
  return join(cache, `${hash.slice(0, 32)}-${file}`)
}

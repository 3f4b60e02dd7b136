import { isIP } from 'node:net'
import { type Json, shown, textOf, VouchError } from '@vouch/protocol'
import { type Codec, list, optional, record, text, uint, version } from '@vouch/protocol/codec'
import { parseNamedFile } from '../files/files.js'
import type { CrowdLimits, Limits } from './limits.js'
import type { Rate } from './token-buckets.js'

// An operator's limits, in YAML: what a file leaves out keeps its default, and what it misspells is refused.

/** A rate as a file says it: whole numbers, of which the plain YAML of this project alone knows. */
export interface RateFile {
  readonly burst: number
  readonly perMinute: number
}

interface CrowdFile {
  readonly connections?: number
  readonly perClient?: number
  readonly inHand?: number
  readonly writes?: RateFile
  readonly reads?: RateFile
  readonly total?: RateFile
}

interface LimitsFile extends CrowdFile {
  readonly version: 1
  readonly bodyBytes?: number
  readonly headersMs?: number
  readonly requestMs?: number
  readonly answerMs?: number
}

interface PeersFile extends CrowdFile {
  /** Addresses that peers ask from, besides those that their URLs lead to. */
  readonly addresses?: readonly string[]
}

interface NodeLimitsFile extends LimitsFile {
  readonly peers?: PeersFile
}

export const countOf = (max: number): Codec<number> => uint(4, { min: 1, max })
export const milliseconds: Codec<number> = uint(4, { min: 100, max: 600_000 })
export const rate: Codec<RateFile> = record<RateFile>({
  burst: countOf(1_000_000),
  perMinute: countOf(6_000_000),
})

const crowd = {
  connections: optional(countOf(100_000)),
  perClient: optional(countOf(100_000)),
  inHand: optional(countOf(10_000)),
  writes: optional(rate),
  reads: optional(rate),
  total: optional(rate),
}

const general = {
  version: version(1),
  ...crowd,
  bodyBytes: optional(countOf(16 * 1024 * 1024)),
  headersMs: optional(milliseconds),
  requestMs: optional(milliseconds),
  answerMs: optional(milliseconds),
}

const address: Codec<string> = {
  ...text(45),
  fromJson: (json, at) => {
    const given = text(45).fromJson(json, at)
    if (isIP(given) !== 0) return given
    throw new VouchError('VALUE_MALFORMED', { rule: `${at} must be an IP address`, given: shown(given) })
  },
}

const limitsCodec: Codec<LimitsFile> = record<LimitsFile>(general)
const nodeLimitsCodec: Codec<NodeLimitsFile> = record<NodeLimitsFile>({
  ...general,
  peers: optional(
    record<PeersFile>({ addresses: optional(list(address, { min: 1, max: 256, anyOrder: true })), ...crowd }),
  ),
})

/** Reads a file in YAML that an operator named. */
export async function readYamlFile<T>(path: string, read: (json: Json) => T): Promise<T> {
  const { parseYaml } = await import('../files/yaml.js') // for the few commands that read one
  return parseNamedFile(path, (file) => read(parseYaml(textOf(file))))
}

export const rateOf = ({ burst, perMinute }: RateFile): Rate => ({ burst, perSecond: perMinute / 60 })

/** The limits of a server, where its operator has written some down. */
export async function readLimits(path: string | undefined, defaults: Limits): Promise<Limits> {
  return path === undefined ? defaults : readYamlFile(path, (json) => limitsFrom(json, defaults))
}

/** The limits of a server that knows peers, and addresses of theirs. */
export interface NodeLimits {
  readonly limits: Limits
  readonly peerAddresses: readonly string[]
}

type NodeDefaults = Limits & { readonly peers: CrowdLimits }

/** The same of a server that knows peers. */
export async function readNodeLimits(path: string | undefined, defaults: NodeDefaults): Promise<NodeLimits> {
  if (path === undefined) return { limits: defaults, peerAddresses: [] }
  return readYamlFile(path, (json) => nodeLimitsFrom(json, defaults))
}

export function limitsFrom(json: Json, defaults: Limits): Limits {
  return limitsOf(limitsCodec.fromJson(json, 'limits'), defaults)
}

export function nodeLimitsFrom(json: Json, defaults: NodeDefaults): NodeLimits {
  const { peers = {}, ...file } = nodeLimitsCodec.fromJson(json, 'limits')
  const limits = { ...limitsOf(file, defaults), peers: crowdOf(peers, defaults.peers) }
  return { limits, peerAddresses: peers.addresses ?? [] }
}

function limitsOf(file: LimitsFile, defaults: Limits): Limits {
  const { bodyBytes, headersMs, requestMs, answerMs } = file
  return {
    ...defaults,
    ...crowdOf(file, defaults),
    ...(bodyBytes === undefined ? {} : { bodyBytes }),
    headersMs: headersMs ?? defaults.headersMs,
    requestMs: requestMs ?? defaults.requestMs,
    responseMs: answerMs ?? defaults.responseMs,
  }
}

function crowdOf(file: CrowdFile, defaults: CrowdLimits): CrowdLimits {
  const total = file.total === undefined ? defaults.total : rateOf(file.total)
  return {
    connections: file.connections ?? defaults.connections,
    perAddress: file.perClient ?? defaults.perAddress,
    concurrent: file.inHand ?? defaults.concurrent,
    writes: file.writes === undefined ? defaults.writes : rateOf(file.writes),
    reads: file.reads === undefined ? defaults.reads : rateOf(file.reads),
    ...(total === undefined ? {} : { total }),
  }
}

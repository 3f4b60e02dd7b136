import type {
  EnclaveReport,
  Level,
  PartStanding,
  Platform,
  PlatformLevel,
  QeIdentity,
  TcbInfo,
  TcbStanding,
  TcbStatus,
  TdReport,
} from './types.js'

// Intel's "PCS API", "Get SGX TCB Info" and "Get TDX TCB Info", on how the TCB level of a platform is found.

/** What each status complains of. The whole TCB has every complaint of its parts, so the worst wins. */
const COMPLAINTS: Readonly<Record<Exclude<TcbStatus, 'NotSupported'>, readonly Complaint[]>> = {
  UpToDate: [],
  SWHardeningNeeded: ['software'],
  ConfigurationNeeded: ['configuration'],
  ConfigurationAndSWHardeningNeeded: ['configuration', 'software'],
  OutOfDate: ['age'],
  OutOfDateConfigurationNeeded: ['age', 'configuration'],
  Revoked: ['revoked'],
}
type Complaint = 'software' | 'configuration' | 'age' | 'revoked'

/** The status with all complaints of these. Age says more than a want of hardening: no status has both. */
export function worstOf(statuses: readonly TcbStatus[]): TcbStatus {
  const complaints = new Set<Complaint>()
  for (const status of statuses) {
    if (status === 'NotSupported') return 'NotSupported'
    for (const complaint of COMPLAINTS[status]) complaints.add(complaint)
  }
  if (complaints.has('revoked')) return 'Revoked'
  if (complaints.has('age'))
    return complaints.has('configuration') ? 'OutOfDateConfigurationNeeded' : 'OutOfDate'
  if (!complaints.has('configuration')) return complaints.has('software') ? 'SWHardeningNeeded' : 'UpToDate'
  return complaints.has('software') ? 'ConfigurationAndSWHardeningNeeded' : 'ConfigurationNeeded'
}

interface Measured {
  readonly platform: Platform
  readonly report: EnclaveReport | TdReport
  readonly quotingEnclave: EnclaveReport
}

/** Where platform, TDX module and quoting enclave stand. */
export function standingOf(measured: Measured, info: TcbInfo, identity: QeIdentity): TcbStanding {
  const { report, quotingEnclave } = measured
  const platform = standingAmong(info.levels, (level) => missing(measured, level))
  const tdxModule = report.body === 'sgx' ? undefined : moduleStanding(report, info)
  const enclave = standingAmong(identity.levels, ({ isvSvn }) => below(quotingEnclave.isvSvn, isvSvn))
  const parts = [platform, ...(tdxModule === undefined ? [] : [tdxModule]), enclave]
  return {
    status: worstOf(parts.map(({ status }) => status)),
    advisories: [...new Set(parts.flatMap(({ advisories }) => advisories))].sort(),
    evaluationDataNumber: Math.min(info.evaluationDataNumber, identity.evaluationDataNumber),
    platform,
    ...(tdxModule === undefined ? {} : { tdxModule }),
    quotingEnclave: enclave,
  }
}

/** The module's major version, and its SVN: bytes 1 and 0 of TEE_TCB_SVN. */
export const moduleVersion = ({ teeTcbSvn }: TdReport): number => teeTcbSvn[1] ?? 0

/** As Intel names it. */
export const moduleId = (report: TdReport): string =>
  `TDX_${moduleVersion(report).toString(16).toUpperCase().padStart(2, '0')}`

/** Before it had major versions, the module's SVN was one of the platform's. */
function moduleStanding(report: TdReport, { modules }: TcbInfo): PartStanding | undefined {
  if (moduleVersion(report) === 0) return undefined
  const identity = modules.find(({ id }) => id === moduleId(report))
  if (identity === undefined)
    return { status: 'NotSupported', advisories: [], lacks: `(no ${moduleId(report)} in the TCB info)` }
  return standingAmong(identity.levels, ({ isvSvn }) => below(report.teeTcbSvn[0] ?? 0, isvSvn))
}

/** What of a platform is below a level, in words. */
function missing({ platform, report }: Measured, level: PlatformLevel): readonly string[] {
  const sgx = level.sgx.flatMap((wanted, i) => below(platform.svns[i] ?? 0, wanted, `SGX SVN ${i + 1}: `))
  const pce = below(platform.pceSvn, level.pceSvn, 'PCESVN ')
  if (report.body === 'sgx') return [...sgx, ...pce]
  // The first two of a module with a major version are its SVN and that version: its own levels judge them.
  const first = moduleVersion(report) === 0 ? 0 : 2
  const tdx = level.tdx.flatMap((wanted, i) =>
    i < first ? [] : below(report.teeTcbSvn[i] ?? 0, wanted, `TDX SVN ${i + 1}: `),
  )
  return [...sgx, ...pce, ...tdx]
}

function below(given: number, wanted: number, name = 'SVN '): readonly string[] {
  return given < wanted ? [`${name}${given} < ${wanted}`] : []
}

/** Levels descend: the first that nothing is missing for is the one. */
function standingAmong<L extends Level>(
  levels: readonly L[],
  missingFor: (level: L) => readonly string[],
): PartStanding {
  const found = levels.findIndex((level) => missingFor(level).length === 0)
  const level = levels[found]
  if (level === undefined) {
    const lowest = levels[levels.length - 1]
    const lacks = lowest === undefined ? '(there are no levels)' : `(${missingFor(lowest).join(', ')})`
    return { status: 'NotSupported', advisories: [], lacks }
  }
  const { status, date, advisories } = level
  const standing = { status, date, advisories }
  if (!isOld(level)) return standing
  const better = levels.slice(0, found).reverse()
  const since = better.find((candidate) => candidate.date > date)?.date
  const wanted = better.find((candidate) => !isOld(candidate))
  const svns = wanted === undefined ? '' : ` (${missingFor(wanted).join(', ')})`
  return { ...standing, lacks: `${since === undefined ? '' : `since ${day(since)}`}${svns}`.trim() }
}

const isOld = ({ status }: Level): boolean => COMPLAINTS[status as keyof typeof COMPLAINTS].includes('age')

const day = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 10)

/** A standing for a person: "OutOfDate since 2025-08-13 (SVN 5 < 7), INTEL-SA-01103". */
export function standingText({ platform, tdxModule, quotingEnclave }: TcbStanding): string {
  const parts: readonly (readonly [string, PartStanding | undefined])[] = [
    ['TCB', platform],
    ['TDX module', tdxModule],
    ['quoting enclave', quotingEnclave],
  ]
  const texts = parts.flatMap(([name, standing]) => {
    if (standing === undefined || standing.status === 'UpToDate') return []
    const { status, lacks, advisories } = standing
    const words = [name, status, ...(lacks === undefined || lacks === '' ? [] : [lacks])].join(' ')
    return [[words, ...advisories].join(', ')]
  })
  return texts.length === 0 ? 'UpToDate' : texts.join('; ')
}

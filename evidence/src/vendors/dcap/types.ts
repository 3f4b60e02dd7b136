import type { Certificate } from '../../x509/certificate.js'
import type { RevocationList } from '../../x509/revocation.js'
import type { VendorClaims } from '../claims.js'
import type { EventLog } from '../eventlog/types.js'
import type { DcapAnchor } from './anchors.js'
import type { PPID_BYTES } from './layout.js'

/** What an enclave's report says: of an SGX quote's enclave, or of the quoting enclave. */
export interface EnclaveReport {
  readonly body: 'sgx'
  readonly cpuSvn: Uint8Array
  readonly miscSelect: Uint8Array
  readonly isvExtProdId: Uint8Array
  readonly attributes: Uint8Array
  readonly mrEnclave: Uint8Array
  readonly mrSigner: Uint8Array
  readonly configId: Uint8Array
  readonly isvProdId: number
  readonly isvSvn: number
  readonly configSvn: number
  readonly isvFamilyId: Uint8Array
  readonly reportData: Uint8Array
}

/** What the TDX module says of a guest. */
export interface TdReport {
  readonly body: 'tdx-1.0' | 'tdx-1.5'
  /** The TCB that the guest was launched under: its bytes 0 and 1 are the module's SVN and major version. */
  readonly teeTcbSvn: Uint8Array
  readonly mrSeam: Uint8Array
  readonly mrSignerSeam: Uint8Array
  readonly seamAttributes: Uint8Array
  readonly tdAttributes: Uint8Array
  readonly xfam: Uint8Array
  readonly mrTd: Uint8Array
  readonly mrConfigId: Uint8Array
  readonly mrOwner: Uint8Array
  readonly mrOwnerConfig: Uint8Array
  readonly rtmrs: readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array]
  readonly reportData: Uint8Array
  /** In TDX 1.5 alone: the TCB now, and what a service guest bound to this one measures. */
  readonly current?: { readonly teeTcbSvn2: Uint8Array; readonly mrServiceTd: Uint8Array }
}

/** Certification data of types 1 to 3: the platform and the TCB that the PCK is derived for. Nothing signs it. */
export interface PckId {
  readonly type: keyof typeof PPID_BYTES
  /** In the clear with type 1; else encrypted for Intel, which alone can open it. */
  readonly ppid: Uint8Array
  readonly cpuSvn: Uint8Array
  readonly pceSvn: number
  readonly pceId: Uint8Array
}

/** A quote as it was read. */
export interface Quote {
  readonly version: 3 | 4 | 5
  readonly qeSvn: number
  readonly pceSvn: number
  readonly userData: Uint8Array
  readonly report: EnclaveReport | TdReport
  readonly signature: Uint8Array
  /** x and y of the point, big-endian. */
  readonly attestationKey: Uint8Array
  readonly quotingEnclave: EnclaveReport
  readonly quotingEnclaveSignature: Uint8Array
  readonly authenticationData: Uint8Array
  /** The chain of the PCK certificate: PEM, or DER one behind the other. Empty when the quote names the PCK instead. */
  readonly pckChain: Uint8Array
  /** What the quote names its PCK by, when it carries no chain: the collateral has the certificates then. */
  readonly pckId?: PckId
  /** What is behind the quote: nothing, padding, or something that has no business there. */
  readonly behind: Uint8Array
}

/** A quote with the bytes that its two signatures are over. */
export interface SignedQuote {
  readonly quote: Quote
  readonly bytes: Uint8Array
  readonly signed: Uint8Array
  readonly quotingEnclaveSigned: Uint8Array
}

/** How a platform stands in Intel's list of TCB levels; `NotSupported` when it is below all of them. */
export type TcbStatus =
  | 'UpToDate'
  | 'SWHardeningNeeded'
  | 'ConfigurationNeeded'
  | 'ConfigurationAndSWHardeningNeeded'
  | 'OutOfDate'
  | 'OutOfDateConfigurationNeeded'
  | 'Revoked'
  | 'NotSupported'

/** A JSON document of Intel's: the bytes that are signed, and what they say. */
export interface IntelDocument<T> {
  readonly bytes: Uint8Array
  readonly signature: Uint8Array
  readonly content: T
}

interface Dated {
  readonly issueDate: number
  readonly nextUpdate: number
  readonly evaluationDataNumber: number
}

/** What every level says. */
export interface Level {
  readonly date: number
  readonly status: TcbStatus
  readonly advisories: readonly string[]
}

export interface PlatformLevel extends Level {
  readonly sgx: readonly number[]
  readonly pceSvn: number
  /** Of TDX alone. */
  readonly tdx: readonly number[]
}

export interface SvnLevel extends Level {
  readonly isvSvn: number
}

/** What Intel's TDX module of a major version is known by. */
export interface ModuleIdentity {
  readonly mrSigner: Uint8Array
  readonly attributes: Uint8Array
  readonly attributesMask: Uint8Array
}

/** TCB info, versions 2 and 3: the levels of a platform type. */
export interface TcbInfo extends Dated {
  readonly id: 'SGX' | 'TDX'
  readonly fmspc: Uint8Array
  readonly pceId: Uint8Array
  readonly levels: readonly PlatformLevel[]
  /** The module before it had major versions, and each since: `TDX_01` and so on. */
  readonly module?: ModuleIdentity
  readonly modules: readonly (ModuleIdentity & {
    readonly id: string
    readonly levels: readonly SvnLevel[]
  })[]
}

/** Identity of a quoting enclave, version 2: what its report must say, and its levels. */
export interface QeIdentity extends Dated {
  /** `QVE` is Intel's enclave that verifies quotes: its identity comes with the same collateral, and is for no quote. */
  readonly id: 'QE' | 'TD_QE' | 'QVE'
  readonly miscSelect: Uint8Array
  readonly miscSelectMask: Uint8Array
  readonly attributes: Uint8Array
  readonly attributesMask: Uint8Array
  readonly mrSigner: Uint8Array
  readonly isvProdId: number
  readonly levels: readonly SvnLevel[]
}

/** What the PCK certificate says of the platform: Intel's "SGX PCK Certificate and CRL Specification", section 1.3.5. */
export interface Platform {
  readonly ppid: Uint8Array
  readonly svns: readonly number[]
  readonly pceSvn: number
  readonly cpuSvn: Uint8Array
  readonly pceId: Uint8Array
  readonly fmspc: Uint8Array
  readonly configuration?: {
    readonly dynamicPlatform: boolean
    readonly cachedKeys: boolean
    readonly smtEnabled: boolean
  }
}

/** A quote with all that came with it. */
export interface DcapEvidence extends SignedQuote {
  readonly format: 'dcap'
  readonly tcbInfos: readonly IntelDocument<TcbInfo>[]
  readonly identities: readonly IntelDocument<QeIdentity>[]
  readonly eventLog?: EventLog
  readonly certificates: readonly Certificate[]
  readonly revocationLists: readonly RevocationList[]
}

/** Where one part of the TCB stands. */
export interface PartStanding {
  readonly status: TcbStatus
  /** The date of the level it is on. */
  readonly date?: number
  readonly advisories: readonly string[]
  /** What stands between it and a level that is not out of date, in words. */
  readonly lacks?: string
}

/** The whole TCB: the worst of its parts. */
export interface TcbStanding {
  readonly status: TcbStatus
  readonly advisories: readonly string[]
  readonly evaluationDataNumber: number
  readonly platform: PartStanding
  readonly tdxModule?: PartStanding
  readonly quotingEnclave: PartStanding
}

interface DcapCommon extends VendorClaims {
  readonly root: DcapAnchor
  readonly quoteVersion: number
  readonly tcb: TcbStanding
  readonly platform: Omit<Platform, 'ppid'>
  /** How many zeros are behind the quote, and how many bytes from the first that is not zero. */
  readonly padding: number
  readonly trailing: number
  readonly reportData: Uint8Array
}

export interface TdxClaims extends DcapCommon {
  readonly kind: 'tdx' | 'simulated-tdx'
  readonly measurements: {
    readonly mrtd: Uint8Array
    readonly rtmr0: Uint8Array
    readonly rtmr1: Uint8Array
    readonly rtmr2: Uint8Array
    readonly rtmr3: Uint8Array
  }
  readonly mrConfigId: Uint8Array
  readonly mrOwner: Uint8Array
  readonly mrOwnerConfig: Uint8Array
  readonly mrServiceTd?: Uint8Array
  readonly mrSeam: Uint8Array
  readonly tdAttributes: {
    readonly debug: boolean
    readonly migratable: boolean
    readonly perfmon: boolean
    readonly septVe: boolean
    /** Bits that nothing is known of here. */
    readonly unknown: boolean
  }
  readonly xfam: Uint8Array
  /** How many events led to the RTMRs, when their log came along. */
  readonly eventLog?: { readonly events: number }
}

export interface SgxClaims extends DcapCommon {
  readonly kind: 'sgx' | 'simulated-sgx'
  readonly mrEnclave: Uint8Array
  readonly mrSigner: Uint8Array
  readonly isvProdId: number
  readonly isvSvn: number
  readonly isvExtProdId: Uint8Array
  readonly isvFamilyId: Uint8Array
  readonly configId: Uint8Array
  readonly configSvn: number
  readonly debug: boolean
  readonly provisionKey: boolean
}

/** What an authentic quote of a guest says, wherever it stands. */
export type TdxFacts = Omit<TdxClaims, keyof VendorClaims>

/** What an authentic quote says. */
export type DcapClaims = TdxClaims | SgxClaims

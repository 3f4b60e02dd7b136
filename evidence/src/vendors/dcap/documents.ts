import { fromHex, parseJson, textOf, VouchError } from '@vouch/protocol'
import { allButOne, mayBeText } from '../../core/resemblance.js'
import { Members } from './json.js'
import type {
  IntelDocument,
  Level,
  ModuleIdentity,
  PlatformLevel,
  QeIdentity,
  SvnLevel,
  TcbInfo,
  TcbStatus,
} from './types.js'

/** Larger than any that Intel publishes. */
const MAX_DOCUMENT_BYTES = 262_144

/** What such documents have, all of it: damage to one leaves the others, and what only speaks of such documents has not so many. */
const MARKS = {
  tcbInfo: ['"tcbInfo"', '"fmspc"', '"pceId"', '"pcesvn"'],
  enclaveIdentity: ['"enclaveIdentity"', '"miscselectMask"', '"isvprodid"'],
} as const

const latin1 = new TextDecoder('latin1')

/** Whether bytes are meant as one of Intel's signed documents. */
function looksLike(bytes: Uint8Array, name: keyof typeof MARKS): boolean {
  if (bytes.length > MAX_DOCUMENT_BYTES || !mayBeText(bytes)) return false
  const text = latin1.decode(bytes)
  return allButOne(MARKS[name].map((mark) => text.includes(mark)))
}

export const looksLikeTcbInfo = (bytes: Uint8Array): boolean => looksLike(bytes, 'tcbInfo')
export const looksLikeQeIdentity = (bytes: Uint8Array): boolean =>
  looksLike(bytes, 'enclaveIdentity') && !looksLike(bytes, 'tcbInfo')

export function parseTcbInfo(file: Uint8Array): IntelDocument<TcbInfo> {
  return signedDocument(file, 'tcbInfo', tcbInfoIn)
}

export function parseQeIdentity(file: Uint8Array): IntelDocument<QeIdentity> {
  return signedDocument(file, 'enclaveIdentity', qeIdentityIn)
}

/** Intel signs the text of one member: it is cut out as it stands, since no other spelling of it has that signature. */
function signedDocument<T>(
  file: Uint8Array,
  name: keyof typeof MARKS,
  read: (content: Members) => T,
): IntelDocument<T> {
  const [, signed, signature] = DOCUMENTS[name].exec(textOf(file)) ?? []
  if (signed === undefined || signature === undefined)
    throw new VouchError('VALUE_MALFORMED', {
      rule: `a file with ${name} must hold it, and its signature in lower-case hexadecimal behind it`,
    })
  return {
    bytes: new TextEncoder().encode(signed),
    signature: fromHex(signature),
    content: read(new Members(parseJson(signed), name)),
  }
}

/** White space as JSON has it, no more: other spaces would be a second spelling. */
const S = '[ \\t\\r\\n]*'
const document = (name: string): RegExp =>
  new RegExp(
    `^${S}\\{${S}"${name}"${S}:${S}(\\{[^]*\\})${S},${S}"signature"${S}:${S}"([0-9a-f]{128})"${S}\\}${S}$`,
  )
const DOCUMENTS = { tcbInfo: document('tcbInfo'), enclaveIdentity: document('enclaveIdentity') } as const

const STATUSES: readonly Exclude<TcbStatus, 'NotSupported'>[] = [
  'UpToDate',
  'SWHardeningNeeded',
  'ConfigurationNeeded',
  'ConfigurationAndSWHardeningNeeded',
  'OutOfDate',
  'OutOfDateConfigurationNeeded',
  'Revoked',
]
const ADVISORY = /^[A-Za-z0-9-]{1,40}$/
const MAX_SVN = 0xffff

/** Intel's "PCS API", versions 3 and 4: TCB info of versions 2 and 3. */
function tcbInfoIn(info: Members): TcbInfo {
  const version = info.number('version', 255)
  if (version !== 2 && version !== 3) throw versionUnknown('TCB info must have version 2 or 3', version)
  const type = info.number('tcbType', 255)
  if (type !== 0)
    throw versionUnknown('TCB info must have tcbType 0: another compares levels otherwise', type)
  const id = version === 2 ? 'SGX' : info.oneOf('id', ['SGX', 'TDX'])
  const module = id === 'TDX' ? moduleIn(info.object('tdxModule')) : undefined
  return {
    id,
    ...datesIn(info),
    fmspc: info.hex('fmspc', 6),
    pceId: info.hex('pceId', 2),
    levels: info.objects('tcbLevels').map((level) => platformLevelIn(level, id, version)),
    ...(module === undefined ? {} : { module }),
    modules: info.has('tdxModuleIdentities')
      ? info.objects('tdxModuleIdentities').map((identity) => ({
          id: identity.text('id', /^TDX_[0-9A-F]{2}$/),
          ...moduleIn(identity),
          levels: identity.objects('tcbLevels').map(svnLevelIn),
        }))
      : [],
  }
}

function qeIdentityIn(identity: Members): QeIdentity {
  const version = identity.number('version', 255)
  if (version !== 2) throw versionUnknown('the identity of a quoting enclave must have version 2', version)
  return {
    id: identity.oneOf('id', ['QE', 'TD_QE', 'QVE']),
    ...datesIn(identity),
    miscSelect: identity.hex('miscselect', 4),
    miscSelectMask: identity.hex('miscselectMask', 4),
    attributes: identity.hex('attributes', 16),
    attributesMask: identity.hex('attributesMask', 16),
    mrSigner: identity.hex('mrsigner', 32),
    isvProdId: identity.number('isvprodid', MAX_SVN),
    levels: identity.objects('tcbLevels').map(svnLevelIn),
  }
}

function datesIn(document: Members): Pick<TcbInfo, 'issueDate' | 'nextUpdate' | 'evaluationDataNumber'> {
  return {
    issueDate: document.time('issueDate'),
    nextUpdate: document.time('nextUpdate'),
    evaluationDataNumber: document.number('tcbEvaluationDataNumber', 0xffff_ffff),
  }
}

function platformLevelIn(level: Members, id: TcbInfo['id'], version: number): PlatformLevel {
  const tcb = level.object('tcb')
  const components = (name: string): readonly number[] => {
    const svns = tcb.objects(name).map((component) => component.number('svn', MAX_SVN))
    if (svns.length === 16) return svns
    throw new VouchError('VALUE_MALFORMED', {
      rule: `${name} must have 16 components`,
      given: `${svns.length}`,
    })
  }
  const numbered = (): readonly number[] =>
    Array.from({ length: 16 }, (_, i) =>
      tcb.number(`sgxtcbcomp${String(i + 1).padStart(2, '0')}svn`, MAX_SVN),
    )
  return {
    ...levelIn(level),
    sgx: version === 2 ? numbered() : components('sgxtcbcomponents'),
    pceSvn: tcb.number('pcesvn', MAX_SVN),
    tdx: id === 'TDX' ? components('tdxtcbcomponents') : [],
  }
}

function svnLevelIn(level: Members): SvnLevel {
  return { ...levelIn(level), isvSvn: level.object('tcb').number('isvsvn', MAX_SVN) }
}

function levelIn(level: Members): Level {
  return {
    date: level.time('tcbDate'),
    status: level.oneOf('tcbStatus', STATUSES),
    advisories: level.texts('advisoryIDs', ADVISORY),
  }
}

function moduleIn(identity: Members): ModuleIdentity {
  return {
    mrSigner: identity.hex('mrsigner', 48),
    attributes: identity.hex('attributes', 8),
    attributesMask: identity.hex('attributesMask', 8),
  }
}

function versionUnknown(rule: string, given: number): VouchError {
  return new VouchError('VERSION_UNKNOWN', { rule, given: `${given}`, hint: 'a newer release may read it' })
}

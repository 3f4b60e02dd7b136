import { equalBytes, VouchError } from '@vouch/protocol'
import type { Notes } from '../../core/notes.js'
import { publicKeyType } from '../../x509/public-key.js'
import { splitChains } from '../../x509/split.js'
import { parseDcap } from '../dcap/parse.js'
import { assertTdReport } from '../dcap/td-report.js'
import { parseReport } from '../snp/report.js'
import { allParts, onePart, optionalPart, type Parts, type Sorted } from '../sorted.js'
import { parseQuoteParts } from '../tpm/parse.js'
import { parseSignature } from '../tpm/signature.js'
import type { GivenSignature } from '../tpm/types.js'
import { parseHcl } from './hcl.js'
import { parseRuntimeData } from './runtime-data.js'
import type { AzureEvidence, HclReport, RuntimeData } from './types.js'

/** A report of the host compatibility layer with the virtual TPM's quote and whatever else came along. */
export function parseAzure(sorted: Sorted, notes: Notes): AzureEvidence {
  const { parts } = sorted
  const { hcl, trailing } = parseHcl(onePart(parts, 'hcl-report').bytes)
  assertCopy(parts, 'runtime-data', hcl.runtimeData)
  const runtime = parseRuntimeData(hcl.runtimeData)
  const { chains, rest } = splitChains(sorted.certificates, ({ spki }) =>
    equalBytes(spki, runtime.attestationKey),
  )
  const hardware = parseHardware(hcl, { ...sorted, certificates: rest }, notes)
  return {
    format: 'azure',
    hcl,
    trailing,
    runtime,
    hardware,
    vtpm: parseQuoteParts(parts, signaturesIn(parts, runtime, notes), notes),
    keyCertificates: chains,
  }
}

/** The parts that only one of the two has. */
const PARTS_OF: Readonly<Record<HclReport['hardware'], readonly string[]>> = {
  snp: ['snp-report'],
  tdx: ['dcap-quote', 'tcb-info', 'qe-identity'],
}

function parseHardware(
  { hardware, hardwareReport }: HclReport,
  sorted: Sorted,
  notes: Notes,
): AzureEvidence['hardware'] {
  const stranger = PARTS_OF[hardware === 'snp' ? 'tdx' : 'snp'].find((part) => sorted.parts[part])
  if (stranger !== undefined) {
    throw new VouchError('EVIDENCE_AMBIGUOUS', {
      rule: 'the files must hold evidence of one machine',
      given: `hcl report of ${hardware}, ${stranger}`,
      hint: 'judge them one after the other',
    })
  }
  if (hardware === 'tdx') {
    assertTdReport(hardwareReport)
    // An event log that comes along is the virtual TPM's.
    const { 'event-log': _, ...parts } = sorted.parts
    return parseDcap({ ...sorted, parts }, notes)
  }
  assertCopy(sorted.parts, 'snp-report', hardwareReport)
  const { certificates, revocationLists } = sorted
  const report = parseReport(hardwareReport)
  const trailing = new Uint8Array()
  return { format: 'snp', report, bytes: hardwareReport, trailing, certificates, revocationLists }
}

/** A part that was given by itself too must be the one inside: nobody could say which was judged. */
function assertCopy(parts: Parts, name: string, inside: Uint8Array): void {
  const copy = optionalPart(parts, name)
  if (copy === undefined || equalBytes(copy.bytes, inside)) return
  throw new VouchError('EVIDENCE_BINDING_FALSE', {
    rule: `a ${name.replaceAll('-', ' ')} given beside a HCL report must be the one inside it`,
  })
}

/** As much as may stand behind a bare signature: a longer file is something else. */
const MAX_BEHIND = 64

/**
 * Azure's tools write a bare signature, and its virtual TPM signs with nothing but RSASSA and SHA-256. It is as long as its key;
 * where none is, a file that is a little longer is one with something behind it.
 */
function signaturesIn(
  parts: Parts,
  { attestationKey }: RuntimeData,
  notes: Notes,
): readonly GivenSignature[] {
  const framed = allParts(parts, 'tpm-signature').map(({ bytes }) => parseSignature(bytes))
  const size = publicKeyType(attestationKey).bytes
  const candidates = allParts(parts, 'bare-signature')
  const exact = candidates.filter(({ bytes }) => bytes.length === size)
  const longer = candidates.filter(
    ({ bytes }) => framed.length + exact.length === 0 && isWithin(bytes.length - size, 1, MAX_BEHIND),
  )
  notes.passOver(candidates.filter((file) => !exact.includes(file) && !longer.includes(file)))
  const bare = [...exact, ...longer].map(
    ({ bytes }): GivenSignature => ({
      signature: { scheme: 'rsassa', hash: 'sha256', signature: bytes.subarray(0, size) },
      trailing: bytes.subarray(size),
    }),
  )
  return [...framed, ...bare]
}

const isWithin = (value: number, min: number, max: number): boolean => value >= min && value <= max

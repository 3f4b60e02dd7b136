import { equalBytes, VouchError } from '@vouch/protocol'
import { parseDcap } from '../dcap/parse.js'
import { assertTdReport } from '../dcap/td-report.js'
import type { Sorted } from '../files.js'
import { onePart, optionalPart, type PartName, type Parts } from '../parts.js'
import { parseReport } from '../snp/report.js'
import { parseQuoteParts } from '../tpm/parse.js'
import { parseSignature } from '../tpm/signature.js'
import type { GivenSignature } from '../tpm/types.js'
import { parseHcl } from './hcl.js'
import { parseRuntimeData } from './runtime-data.js'
import type { AzureEvidence, HclReport } from './types.js'

/** A report of the host compatibility layer with the virtual TPM's quote and whatever else came along. */
export function parseAzure(sorted: Sorted): AzureEvidence {
  const { parts } = sorted
  const { hcl, trailing } = parseHcl(onePart(parts, 'hcl-report').bytes)
  assertCopy(parts, 'runtime-data', hcl.runtimeData)
  const hardware = parseHardware(hcl, sorted)
  return {
    format: 'azure',
    hcl,
    trailing,
    runtime: parseRuntimeData(hcl.runtimeData),
    hardware,
    vtpm: parseQuoteParts(parts, signaturesIn(parts)),
  }
}

/** The parts that only one of the two has. */
const PARTS_OF: Readonly<Record<HclReport['hardware'], readonly PartName[]>> = {
  snp: ['snp-report'],
  tdx: ['dcap-quote', 'tcb-info', 'qe-identity'],
}

function parseHardware({ hardware, hardwareReport }: HclReport, sorted: Sorted): AzureEvidence['hardware'] {
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
    return parseDcap({ ...sorted, parts })
  }
  assertCopy(sorted.parts, 'snp-report', hardwareReport)
  const { certificates, revocationLists } = sorted
  const report = parseReport(hardwareReport)
  return { format: 'snp', report, bytes: hardwareReport, certificates, revocationLists }
}

/** A part that was given by itself too must be the one inside: nobody could say which was judged. */
function assertCopy(parts: Parts, name: PartName, inside: Uint8Array): void {
  const copy = optionalPart(parts, name)
  if (copy === undefined || equalBytes(copy.bytes, inside)) return
  throw new VouchError('EVIDENCE_BINDING_FALSE', {
    rule: `a ${name.replaceAll('-', ' ')} given beside a HCL report must be the one inside it`,
  })
}

/** Azure's tools write a bare signature, and its virtual TPM signs with nothing but RSASSA and SHA-256. */
function signaturesIn(parts: Parts): readonly GivenSignature[] {
  const bare = (parts['bare-signature'] ?? []).map(
    ({ bytes }): GivenSignature => ({
      signature: { scheme: 'rsassa', hash: 'sha256', signature: bytes },
      trailing: new Uint8Array(),
    }),
  )
  return [...(parts['tpm-signature'] ?? []).map(({ bytes }) => parseSignature(bytes)), ...bare]
}

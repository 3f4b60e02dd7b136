import {
  encodeAttest,
  encodeDocument,
  encodeEventLog,
  encodeHcl,
  encodePayload,
  encodeQuote,
  encodeReport,
  encodeSpdm,
  packEvidence,
  parseAttest,
  parseCertificate,
  parseDocument,
  parseEventLog,
  parseHcl,
  parseQeIdentity,
  parseQuote,
  parseReport,
  parseSpdm,
  parseTcbInfo,
  printPcrs,
} from '@vouch/evidence'
import type { SimulatedEnclave } from '@vouch/evidence/simulated'
import { concat, equalBytes, fromHex } from '@vouch/protocol'
import { fuzz, TIMEOUT } from '@vouch/protocol/testing/fuzz'
import { mutatedBytes } from '@vouch/protocol/testing/mutation'
import fc from 'fast-check'
import { describe, it } from 'vitest'
import { openSimulatedNitro } from '../../fixtures/simulated-nitro/index.js'
import { openSimulatedNvidia } from '../../fixtures/simulated-nvidia/index.js'
import { parseDer } from '../src/core/der/der.js'
import { pemBlocks } from '../src/core/pem.js'
import { openPack, printPack } from '../src/read/pack.js'
import { parseRuntimeData } from '../src/vendors/azure/runtime-data.js'
import { openCollateralFile } from '../src/vendors/dcap/collateral-file.js'
import { parseTcg12 } from '../src/vendors/eventlog/tcg12.js'
import { parsePayload } from '../src/vendors/nitro/document.js'
import { parsePcrs } from '../src/vendors/tpm/pcrs.js'
import { encodePublicArea, parsePublicArea } from '../src/vendors/tpm/public-area.js'
import { encodeSignature, parseSignature } from '../src/vendors/tpm/signature.js'
import { assertPublicKey } from '../src/x509/public-key.js'
import { parseRevocationList } from '../src/x509/revocation.js'
import { pemText } from '../testing/bytes.js'
import { fileOf, jsonBytes, textOf, utf8 } from '../testing/files.js'
import { guest15, quoteEnclave, quoteGuest } from '../testing/intel.js'
import { attest, NOW, vendor } from '../testing/simulated.js'
import { cborTree, derTree, mutatedTrees, spdmTree } from '../testing/tlv.js'
import { attestAzure, attestTpm, tcg12Event, tpm } from '../testing/tpm.js'
import { areaFile } from '../testing/tpm-structures.js'

// Every parser of evidence on inputs that are nearly right: it reads or refuses them, soon, and what it reads is written again as
// it was.

const machine = await attest()
const guest = await quoteGuest()
const azure = await attestAzure()
const quote = await attestTpm()
const list = await vendor.revoke('root', {
  thisUpdate: NOW - 1,
  nextUpdate: NOW + 1,
  revoked: [Uint8Array.of(7)],
})
const image = [1, 2, 3].map((byte) => new Uint8Array(48).fill(byte)) as unknown as SimulatedEnclave['image']
const CONTAINERS = ['payload', 'pcrs', 'cabundle'] as const
const documents = await Promise.all(
  [[], CONTAINERS.slice(0, 1), CONTAINERS].map(async (indefinite) => {
    const files = await openSimulatedNitro().attest({ image, at: NOW, fields: { indefinite } })
    return fileOf(files, 'attestation_doc.cbor').bytes
  }),
)
const payloads = documents.map((bytes) => parseDocument(bytes).payload)
const messages = (await openSimulatedNvidia().attest({ nonce: new Uint8Array(32).fill(5) }))
  .filter(({ name }) => name === 'evidence.bin')
  .map(({ bytes }) => bytes)
const quotes = [
  guest,
  await quoteGuest({ quote: { version: 5, report: guest15 } }),
  await quoteEnclave(),
].map((files) => fileOf(files, 'quote.bin').bytes)
const certificates = machine.slice(1).map(({ bytes }) => bytes)
const log = encodeEventLog({
  header: {
    register: 0,
    data: concat(utf8('Spec ID Event03\0'), fromHex('0000000000020002010000000c00300000')),
  },
  algorithms: [{ id: 12, size: 48 }],
  events: [1, 2].map((register) => ({
    register,
    type: 1,
    digests: [{ algorithm: 12, digest: new Uint8Array(48).fill(register) }],
    data: new Uint8Array(8),
  })),
  fill: new Uint8Array(9),
})
const tcg12 = concat(tcg12Event(0, new Uint8Array(20)), tcg12Event(4, new Uint8Array(20).fill(1)))
const { hcl } = parseHcl(fileOf(azure, 'hcl_report.bin').bytes)
const collateral = { root_ca_crl: '30', tcb_info_issuer_chain: '-', tcb_info: '{}', tcb_info_signature: 'ab' }

/** Bytes near those of samples, or near them as structures. */
const near = (
  samples: readonly Uint8Array[],
  tree?: (bytes: Uint8Array) => Parameters<typeof mutatedTrees>[0][number],
) =>
  tree === undefined
    ? mutatedBytes(samples)
    : fc.oneof(mutatedBytes(samples), mutatedTrees(samples.map(tree)))

/** A parser, what it is tried with, and the bytes of what it read; where there is no writing it, that it was read is all. */
interface Parser<T> {
  readonly inputs: fc.Arbitrary<Uint8Array>
  readonly parse: (bytes: Uint8Array) => T
  readonly print?: (value: T) => Uint8Array
}

const parser = <T>(
  inputs: fc.Arbitrary<Uint8Array>,
  parse: (bytes: Uint8Array) => T,
  print?: (value: T) => Uint8Array,
): Parser<unknown> => ({ inputs, parse, ...(print === undefined ? {} : { print }) }) as Parser<unknown>

const PARSERS: Readonly<Record<string, Parser<unknown>>> = {
  DER: parser(
    near(certificates, derTree),
    (bytes) => parseDer(bytes, 'value'),
    ({ raw }) => raw,
  ),
  certificate: parser(near(certificates, derTree), parseCertificate, ({ der }) => der),
  'revocation list': parser(near([list.bytes], derTree), parseRevocationList, ({ der }) => der),
  'public key': parser(near([tpm.spki], derTree), assertPublicKey, (spki) => spki),
  PEM: parser(near(certificates.map((der) => pemText(der))), pemBlocks),
  'SNP report': parser(near([fileOf(machine, 'report.bin').bytes]), parseReport, encodeReport),
  quote: parser(near(quotes), parseQuote, ({ quote }) => encodeQuote(quote)),
  'TCB info': parser(near([fileOf(guest, 'tcb_info.json').bytes]), parseTcbInfo),
  'QE identity': parser(near([fileOf(guest, 'qe_identity.json').bytes]), parseQeIdentity),
  'file of collateral': parser(near([jsonBytes(collateral)]), (bytes) =>
    openCollateralFile({ name: 'x', bytes }),
  ),
  'attestation document': parser(near(documents, cborTree), parseDocument, encodeDocument),
  'payload of an attestation document': parser(near(payloads, cborTree), parsePayload, encodePayload),
  'SPDM message': parser(near(messages, spdmTree), parseSpdm, encodeSpdm),
  TPMS_ATTEST: parser(near([fileOf(quote, 'quote_msg.bin').bytes]), parseAttest, ({ attest, trailing }) =>
    concat(encodeAttest(attest), trailing),
  ),
  TPMT_SIGNATURE: parser(
    near([fileOf(quote, 'quote_sig.bin').bytes]),
    parseSignature,
    ({ signature, trailing }) => concat(encodeSignature(signature), trailing),
  ),
  TPMT_PUBLIC: parser(near([areaFile().bytes]), parsePublicArea, encodePublicArea),
  'HCL report': parser(near([fileOf(azure, 'hcl_report.bin').bytes]), parseHcl, ({ hcl, trailing }) =>
    concat(encodeHcl(hcl), trailing),
  ),
  'runtime data': parser(near([hcl.runtimeData]), parseRuntimeData),
  'event log': parser(near([log]), parseEventLog, encodeEventLog),
  'event log of SHA-1': parser(near([tcg12]), parseTcg12, (events) =>
    concat(
      ...events.map(({ register, type, digests, data }) =>
        tcg12Event(register, digests[0]?.digest ?? new Uint8Array(), { type, data }),
      ),
    ),
  ),
  pack: parser(
    near([utf8(packEvidence(quote.slice(0, 2)))]),
    (bytes) => openPack({ name: 'x', bytes }),
    (files) => utf8(printPack(files.map(({ name, bytes }) => ({ name: name.slice('x: '.length), bytes })))),
  ),
}

describe('bytes that are read are written again as they were', TIMEOUT, () => {
  it.each(Object.entries(PARSERS))('%s', (_, { inputs, parse, print }) => {
    fuzz(inputs, parse, (value, bytes) => print === undefined || equalBytes(print(value), bytes))
  })

  it('PCR values, in their one spelling', () => {
    const inputs = near([fileOf(quote, 'pcrs.json').bytes])
    fuzz(inputs, parsePcrs, (banks, bytes) => {
      const json = JSON.parse(textOf(bytes)) as object
      const [printed = '', ...others] = banks.map(printPcrs)
      const [again] = parsePcrs(utf8(printed)).map(printPcrs)
      return others.length === 0 && again === printed && sameJson(json, JSON.parse(printed))
    })
  })
})

/** Members come in any order. */
const sameJson = (a: unknown, b: unknown): boolean => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))
const sorted = (value: unknown): unknown =>
  typeof value === 'object' && value !== null
    ? Object.entries(value)
        .map(([name, member]) => [name, sorted(member)])
        .sort()
    : value

import { VouchError } from '@vouch/protocol'
import { Reader, Writer } from '@vouch/protocol/codec'
import { MAX_NAME_BYTES, MAX_SELECTIONS, PCR_SELECT_BYTES, TPM_GENERATED_VALUE, TPM_ST } from './layout.js'
import { pcrsIn, readHash, readNumber, readSized, unknown, writeHash, writeSized } from './structures.js'
import type { Attest, PcrSelection, TpmAttested } from './types.js'

const MAGIC = [0xff, 0x54, 0x43, 0x47]

/** Whether bytes are meant as a TPMS_ATTEST, of whatever type. */
export function looksLikeAttest(bytes: Uint8Array): boolean {
  return bytes.length > MAGIC.length && MAGIC.every((byte, i) => bytes[i] === byte)
}

/** Reads a TPMS_ATTEST (Part 2, section 10.12.8), and sets apart what stands behind it. */
export function parseAttest(bytes: Uint8Array): TpmAttested {
  const input = new Reader(bytes, 'TPMS_ATTEST')
  if (readNumber(input, 4, 'magic') !== TPM_GENERATED_VALUE)
    throw new VouchError('ALGORITHM_UNKNOWN', { rule: 'a TPMS_ATTEST must start with TPM_GENERATED_VALUE' })
  const type = readNumber(input, 2, 'type')
  const frame = {
    qualifiedSigner: readSized(input, MAX_NAME_BYTES, 'qualifiedSigner'),
    extraData: readSized(input, MAX_NAME_BYTES, 'extraData'),
    clock: input.uint(8, 'clock'),
    resetCount: readNumber(input, 4, 'resetCount'),
    restartCount: readNumber(input, 4, 'restartCount'),
    safe: readFlag(input, 'safe'),
    firmwareVersion: input.take(8, 'firmwareVersion'),
  }
  const attest = ((): Attest => {
    if (type === TPM_ST.ATTEST_QUOTE) {
      const selections = readSelections(input)
      return { type: 'quote', ...frame, selections, pcrDigest: readSized(input, 64, 'pcrDigest') }
    }
    if (type !== TPM_ST.ATTEST_CREATION) return unknown('type of a TPMS_ATTEST', type)
    const objectName = readSized(input, MAX_NAME_BYTES, 'objectName')
    return { type: 'creation', ...frame, objectName, creationHash: readSized(input, 64, 'creationHash') }
  })()
  // What is read has one spelling, so its length is where the structure ends.
  const { length } = encodeAttest(attest)
  return { attest, bytes: bytes.subarray(0, length), trailing: bytes.subarray(length) }
}

/** The bytes that a TPM signs: the same that they were read from. */
export function encodeAttest(attest: Attest): Uint8Array {
  const out = new Writer()
  out.uint(TPM_GENERATED_VALUE, 4)
  out.uint(attest.type === 'quote' ? TPM_ST.ATTEST_QUOTE : TPM_ST.ATTEST_CREATION, 2)
  writeSized(out, attest.qualifiedSigner)
  writeSized(out, attest.extraData)
  out.uint(attest.clock, 8)
  out.uint(attest.resetCount, 4)
  out.uint(attest.restartCount, 4)
  out.uint(attest.safe ? 1 : 0, 1)
  out.bytes(attest.firmwareVersion)
  if (attest.type === 'quote') {
    writeSelections(out, attest.selections)
    writeSized(out, attest.pcrDigest)
  } else {
    writeSized(out, attest.objectName)
    writeSized(out, attest.creationHash)
  }
  return out.finish()
}

function readFlag(input: Reader, field: string): boolean {
  const value = readNumber(input, 1, field)
  if (value > 1) throw new VouchError('NOT_CANONICAL', { rule: `${field} must be 0 or 1`, given: `${value}` })
  return value === 1
}

/** TPML_PCR_SELECTION: one bitmap for each bank, a bank once. */
function readSelections(input: Reader): readonly PcrSelection[] {
  const count = readNumber(input, 4, 'count of PCR selections')
  if (count > MAX_SELECTIONS) {
    throw new VouchError('TOO_LARGE', {
      rule: `a quote must select PCRs of at most ${MAX_SELECTIONS} banks`,
      given: `${count}`,
    })
  }
  const selections = Array.from({ length: count }, () => readSelection(input))
  if (new Set(selections.map(({ hash }) => hash)).size < count)
    throw new VouchError('NOT_CANONICAL', { rule: 'a quote must select each bank once' })
  return selections
}

function readSelection(input: Reader): PcrSelection {
  const hash = readHash(input, 'bank of a PCR selection')
  const size = readNumber(input, 1, 'sizeofSelect')
  if (size !== PCR_SELECT_BYTES) {
    throw new VouchError('VALUE_OUT_OF_RANGE', {
      rule: `a PCR selection must have ${PCR_SELECT_BYTES} bytes`,
      given: `${size}`,
    })
  }
  const bits = input.take(size, 'pcrSelect')
  return { hash, pcrs: pcrsIn(bits) }
}

function writeSelections(out: Writer, selections: readonly PcrSelection[]): void {
  out.uint(selections.length, 4)
  for (const { hash, pcrs } of selections) {
    const bits = new Uint8Array(PCR_SELECT_BYTES)
    for (const pcr of pcrs) bits[pcr >> 3] = (bits[pcr >> 3] ?? 0) | (1 << (pcr & 7))
    writeHash(out, hash)
    out.uint(bits.length, 1)
    out.bytes(bits)
  }
}

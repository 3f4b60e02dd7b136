import { VouchError } from '@vouch/protocol'
import { FieldCursor, numberAt } from '../../core/fields.js'
import { allButOne } from '../../core/resemblance.js'
import { HASHES, PCR_COUNT } from '../eventlog/banks.js'
import { PCR_SELECT_BYTES } from './layout.js'
import { hashById, pcrsIn, unknown } from './structures.js'
import type { PcrBank, PcrSelection } from './types.js'

// The file of PCR values that tpm2_quote and tpm2_pcrread write (tpm2-tools, lib/pcr.c, "serialized"): the structures of the TSS as
// they lie in memory, little-endian. A TPML_PCR_SELECTION of 16 places; then a count, and as many TPML_DIGEST of 8 places.

const WHAT = 'a file of PCR values'
const BANKS = 16
/** TPMS_PCR_SELECTION: hash, size, four bytes of bits, and one that aligns the next. */
const SELECTION_BYTES = 8
const SELECTIONS_BYTES = 4 + BANKS * SELECTION_BYTES
const DIGESTS_IN_LIST = 8
const DIGEST_BYTES = 2 + 64
const LIST_BYTES = 4 + DIGESTS_IN_LIST * DIGEST_BYTES
const MAX_LISTS = (BANKS * PCR_COUNT) / DIGESTS_IN_LIST

/** Whether bytes are meant as such a file: by its length, and by numbers in it of which one may be damaged. */
export function looksLikeSerializedPcrs(bytes: Uint8Array): boolean {
  const lists = (bytes.length - SELECTIONS_BYTES - 4) / LIST_BYTES
  if (!Number.isInteger(lists) || lists < 1 || lists > MAX_LISTS) return false
  const number = (offset: number, size: number): number => numberAt(bytes, { offset, size })
  return allButOne([
    number(0, 4) >= 1 && number(0, 4) <= BANKS,
    hashById(number(4, 2)) !== undefined,
    number(6, 1) === PCR_SELECT_BYTES,
    number(SELECTIONS_BYTES, 4) === lists,
  ])
}

/** Reads the values, bank by bank. Places that are not in use hold zeros. */
export function parseSerializedPcrs(bytes: Uint8Array): readonly PcrBank[] {
  const cursor = new FieldCursor(bytes, WHAT)
  const selections = readSelections(cursor)
  const digests = readDigests(cursor)
  cursor.end()
  const wanted = selections.reduce((count, { pcrs }) => count + pcrs.length, 0)
  if (digests.length !== wanted) throw malformed('hold a value for each PCR that it selects', digests.length)
  let at = 0
  return selections.map(({ hash, pcrs }) => {
    const values = pcrs.map((index) => {
      const value = digests[at++] ?? new Uint8Array()
      if (value.length === HASHES[hash].bytes) return [index, value] as const
      throw malformed(`hold values of ${HASHES[hash].bytes} bytes for ${hash}`, value.length)
    })
    return { bank: hash, values: new Map(values) }
  })
}

function readSelections(cursor: FieldCursor): readonly PcrSelection[] {
  const count = cursor.number(4, 'count of PCR selections')
  if (count < 1 || count > BANKS) throw malformed(`select PCRs of 1 to ${BANKS} banks`, count)
  const selections = Array.from({ length: count }, () => readSelection(cursor))
  assertUnused(cursor.take((BANKS - count) * SELECTION_BYTES, 'PCR selections'))
  if (new Set(selections.map(({ hash }) => hash)).size < count)
    throw malformed('select each bank once', count)
  return selections
}

function readSelection(cursor: FieldCursor): PcrSelection {
  const id = cursor.number(2, 'bank of a PCR selection')
  const hash = hashById(id) ?? unknown(`the bank in ${WHAT}`, id)
  const size = cursor.number(1, 'sizeofSelect')
  if (size !== PCR_SELECT_BYTES) throw malformed(`select PCRs with ${PCR_SELECT_BYTES} bytes`, size)
  const bits = cursor.take(PCR_SELECT_BYTES, 'pcrSelect')
  assertUnused(cursor.take(SELECTION_BYTES - 3 - PCR_SELECT_BYTES, 'end of a PCR selection'))
  return { hash, pcrs: pcrsIn(bits) }
}

function readDigests(cursor: FieldCursor): readonly Uint8Array[] {
  const lists = cursor.number(4, 'count of lists')
  if (lists > MAX_LISTS) throw malformed(`hold at most ${MAX_LISTS} lists of values`, lists)
  return Array.from({ length: lists }, () => {
    const count = cursor.number(4, 'count of values')
    if (count > DIGESTS_IN_LIST) throw malformed(`hold at most ${DIGESTS_IN_LIST} values in a list`, count)
    const found = Array.from({ length: count }, () => {
      const size = cursor.number(2, 'size of a value')
      const value = cursor.take(DIGEST_BYTES - 2, 'value')
      assertUnused(value.subarray(size))
      return value.subarray(0, size)
    })
    assertUnused(cursor.take((DIGESTS_IN_LIST - count) * DIGEST_BYTES, 'list of values'))
    return found
  }).flat()
}

function assertUnused(bytes: Uint8Array): void {
  if (bytes.every((byte) => byte === 0)) return
  throw new VouchError('NOT_CANONICAL', { rule: `${WHAT} must hold zeros where it holds no value` })
}

function malformed(rule: string, given: number): VouchError {
  return new VouchError('VALUE_MALFORMED', { rule: `${WHAT} must ${rule}`, given: `${given}` })
}

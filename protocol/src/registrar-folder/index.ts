// The log in a registrar's folder, record by record.

export {
  assertBody,
  FRAME_OVERHEAD,
  type Frame,
  frameBytes,
  frameLength,
  HASH_BYTES,
  isUnfinished,
  LENGTH_BYTES,
  MAX_BODY,
  NO_HASH,
  readFrame,
} from './frame.js'
export {
  type AdmissionRecord,
  type BanRecord,
  decodeRecord,
  type EvidencePointer,
  encodeRecord,
  type LogRecord,
  MAX_REASON_BYTES,
  RECORD_TYPE,
  type RemovalRecord,
} from './log-record.js'

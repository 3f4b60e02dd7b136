// What a registrar keeps, record by record: each follows from the one before it by its hash.

export {
  type AdmissionRecord,
  type BanRecord,
  decodeRecord,
  encodeRecord,
  type HeadRecord,
  hashOfEvidence,
  MAX_EVIDENCE_BYTES,
  MAX_REASON_BYTES,
  type PardonRecord,
  type RegistryRecord,
  type RemovalRecord,
  recordHash,
} from './record.js'

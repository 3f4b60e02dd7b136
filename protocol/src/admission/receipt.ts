import { MAX_TIME } from '../credential.js'
import {
  type Codec,
  fieldElement,
  fixedBytes,
  parseFile,
  printFile,
  record,
  uint,
  version,
} from '../notation/index.js'

/** What an admitted client is told. It can compute the leaf from this, and must find it in the next head's leaves. */
export interface Receipt {
  readonly version: 1
  readonly registryId: Uint8Array
  readonly credential: bigint
  readonly policyId: bigint
  readonly expiresAt: number
}

export const receiptCodec: Codec<Receipt> = record<Receipt>({
  version: version(1),
  registryId: fixedBytes(32),
  credential: fieldElement(),
  policyId: fieldElement(2n ** 249n),
  expiresAt: uint(8, { max: MAX_TIME }),
})

export const parseReceipt = (file: string | Uint8Array): Receipt => parseFile(receiptCodec, file, 'receipt')
export const printReceipt = (receipt: Receipt): string => printFile(receiptCodec, receipt, 'receipt')

import { type Codec, parseFile, printFile } from '../notation/codec.js'
import { record } from '../notation/composites.js'
import { boundedBytes, fieldElement, fixedBytes, version } from '../notation/scalars.js'
import { MAX_PAYLOAD_BYTES } from '../statements/envelope.js'

/** What Alice hands to Bob. Nothing in it is believed: it only saves Bob from asking for each part. */
export interface Bundle {
  readonly version: 1
  /** SHA-256 of the verification key: which circuit, in which version. */
  readonly circuit: Uint8Array
  readonly request: bigint
  readonly envelope: Uint8Array
  readonly nullifier: bigint
  readonly proof: Uint8Array
}

const ENVELOPE_OVERHEAD = 106
/** The longest proof that is read. */
export const MAX_PROOF_BYTES = 65_536

export const bundleCodec: Codec<Bundle> = record<Bundle>({
  version: version(1),
  circuit: fixedBytes(32),
  request: fieldElement(2n ** 248n),
  envelope: boundedBytes(ENVELOPE_OVERHEAD, ENVELOPE_OVERHEAD + MAX_PAYLOAD_BYTES),
  nullifier: fieldElement(),
  proof: boundedBytes(1, MAX_PROOF_BYTES),
})

export const parseBundle = (file: string | Uint8Array): Bundle => parseFile(bundleCodec, file, 'bundle')
export const printBundle = (bundle: Bundle): string => printFile(bundleCodec, bundle, 'bundle')

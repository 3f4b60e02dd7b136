/** A file as somebody gave it. Its name serves messages alone: what a file is, its content says. */
export interface EvidenceFile {
  readonly name: string
  readonly bytes: Uint8Array
}

/** One answer of a vendor's service. */
export interface VendorPublished {
  /** The address that the path is below. */
  readonly origin: string
  readonly path: string
  /** What the answer must be to be of any use. Whether it is for this machine, judging will tell. */
  readonly form: string
  /** What the file is called that the answer goes into. */
  readonly file: string
  /** Where the answer's headers have the certificates of whoever signed it, and what file they go into. */
  readonly issuers?: { readonly headers: readonly string[]; readonly file: string }
  /** Whether the answer is the same for ever. What is renewed must not be kept. */
  readonly constant: boolean
}

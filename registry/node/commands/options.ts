import { registrarFolder } from '../registrar-folder.js'

/** What commands that sign heads share. */
export interface SigningOptions {
  /** The file with the registrar's key. */
  readonly key?: string
}

/** The key that signs: where the operator says, or in the registry's folder. */
export function keyFile(folder: string, { key }: SigningOptions): string {
  return key ?? registrarFolder(folder).signerKey
}

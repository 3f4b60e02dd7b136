import type { EvidenceFile } from '../tables/evidence.js'
import { looksLikeCollateralFile, openCollateralFile } from '../vendors/dcap/collateral-file.js'
import { looksLikePack, openPack, printPack } from './pack.js'

/** A file that holds others. What it holds is told by content, as if it had been given file by file. */
interface Container {
  readonly fits: (bytes: Uint8Array) => boolean
  readonly open: (file: EvidenceFile) => readonly EvidenceFile[]
}

const CONTAINERS: readonly Container[] = [
  { fits: looksLikePack, open: openPack },
  { fits: looksLikeCollateralFile, open: openCollateralFile },
]

/** The files that a file holds, or itself when it holds none. One level: what comes out is not opened again. */
export function unpacked(file: EvidenceFile): readonly EvidenceFile[] {
  return CONTAINERS.find(({ fits }) => fits(file.bytes))?.open(file) ?? [file]
}

/** The text of one file that holds these. What they hold is packed itself, as a pack is opened one level deep. */
export const packEvidence = (files: readonly EvidenceFile[]): string => printPack(files.flatMap(unpacked))

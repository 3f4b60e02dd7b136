import type { CompiledCircuit } from '@noir-lang/noir_js'
import { VouchError } from '@vouch/protocol'
import { type Bytes, bytesOfBase64, gunzip, sha256Hex } from './bytes.js'
import type { CircuitPin } from './circuits.js'

/** A circuit as it is built, ready to be pinned: the content of `artifacts/NAME.json`. */
export interface ArtifactFile {
  readonly abi: CompiledCircuit['abi']
  /** ACIR, gzip, base64: as the Noir tools have it. */
  readonly bytecode: string
  /** The verification key, base64. */
  readonly vk: string
}

/** Brings the content of `artifacts/NAME.json`, from wherever it is kept. It is not believed. */
export type ArtifactSource = (name: string) => Promise<string>

/** The part of an artifact that proving needs. */
export interface ProvingArtifact {
  readonly file: ArtifactFile
  readonly acir: Bytes
  readonly vk: Bytes
}

/** The verification key of a circuit, if it is the pinned one. */
export async function pinnedKey(name: string, text: string, pin: CircuitPin): Promise<Bytes> {
  const vk = bytesOfBase64(parseArtifact(name, text).vk)
  await assertPinned(name, 'verification key', vk, pin.vkHash)
  return vk
}

/** All of a circuit's artifact, if it is the pinned one. */
export async function pinnedArtifact(name: string, text: string, pin: CircuitPin): Promise<ProvingArtifact> {
  const file = parseArtifact(name, text)
  const acir = await gunzip(bytesOfBase64(file.bytecode))
  await assertPinned(name, 'bytecode', acir, pin.acirHash)
  return { file, acir, vk: await pinnedKey(name, text, pin) }
}

function parseArtifact(name: string, text: string): ArtifactFile {
  try {
    const { abi, bytecode, vk } = JSON.parse(text)
    if (typeof abi === 'object' && typeof bytecode === 'string' && typeof vk === 'string')
      return { abi, bytecode, vk }
  } catch (error) {
    throw corrupt(name, 'be JSON', error)
  }
  throw corrupt(name, 'hold abi, bytecode and vk')
}

async function assertPinned(name: string, part: string, bytes: Bytes, pinned: string): Promise<void> {
  if ((await sha256Hex(bytes)) !== pinned) throw corrupt(name, `hold the ${part} with the SHA-256 ${pinned}`)
}

function corrupt(name: string, rule: string, cause?: unknown): VouchError {
  return new VouchError(
    'ARTIFACT_CORRUPT',
    { rule: `artifact ${name} must ${rule}`, hint: 'install the package again' },
    { cause },
  )
}

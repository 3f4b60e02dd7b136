import { compile_program, createFileManager } from '@noir-lang/noir_wasm'
import type { ArtifactFile } from '../src/artifact.js'

/** A compiled crate without debug symbols: those would carry this machine's paths. */
export type Compiled = Omit<ArtifactFile, 'vk'> & { readonly noirVersion: string }

/** A crate that the compiler refuses. */
export class CompileError extends Error {}

/**
 * Compiles one binary crate, silently. Member by member: noir_wasm does not compile the root of a workspace. It takes
 * log functions, and still writes a line of its own to `console.log`.
 */
export async function compileCrate(folder: string): Promise<Compiled> {
  const log = console.log
  const complaints: string[] = []
  const collect = (...words: unknown[]) => void complaints.push(words.join(' '))
  console.log = () => undefined
  try {
    const { program } = await compile_program(createFileManager(folder), undefined, collect, () => undefined)
    const { abi, bytecode, noir_version: noirVersion } = program
    return { abi: abi as Compiled['abi'], bytecode, noirVersion }
  } catch (error) {
    throw new CompileError([`${folder} does not compile`, ...complaints].join('\n'), { cause: error })
  } finally {
    console.log = log
  }
}

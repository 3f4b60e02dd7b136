import { ascii, concat, toHex, VouchError } from '@vouch/protocol'
import { splitCertificateTable } from './certificate-table.js'
import type { Provider } from './provider.js'
import type { ConfigfsTsmSettings } from './settings.js'

/** All that is asked of the kernel: four calls, whose errors carry its code (`EBUSY`) as `code`. */
export interface TsmFileSystem {
  mkdir(path: string): Promise<void>
  /** Writes with one call of the system; a file that is not there is not made. */
  write(path: string, bytes: Uint8Array): Promise<void>
  read(path: string): Promise<Uint8Array>
  rmdir(path: string): Promise<void>
}

export interface TsmKernel {
  readonly files: TsmFileSystem
  /** For names that no other process chose. */
  readonly random: (size: number) => Uint8Array
  readonly sleep: (milliseconds: number) => Promise<void>
}

/** Linux's Documentation/ABI/testing/configfs-tsm-report. */
const FOLDER = '/sys/kernel/config/tsm/report'

/** What a guest's kernel calls its hardware, and what files its blobs are. */
const HARDWARE: Readonly<
  Record<string, (outblob: Uint8Array, auxblob: Uint8Array) => readonly Uint8Array[]>
> = {
  sev_guest: (report, certificates) => [report, ...splitCertificateTable(certificates)],
  tdx_guest: (quote) => [quote],
}

const ATTEMPTS = 5
const PAUSE_MS = 50

/** The kernel was busy, was interrupted, or somebody else wrote to our entry: the same question again may be answered. */
const PASSING = ['EBUSY', 'EAGAIN', 'EINTR', 'ETXTBSY']

/** Evidence by way of configfs-tsm. Looks once whether the kernel has it, so that a wrong machine is found at start. */
export async function configfsTsm(
  { privilegeLevel }: Pick<ConfigfsTsmSettings, 'privilegeLevel'>,
  kernel: TsmKernel,
): Promise<Provider> {
  await withEntry(kernel, (entry) =>
    hardwareOf(kernel.files, entry).catch((error) => Promise.reject(asFailure(error))),
  )
  return {
    attest: (reportData) =>
      withEntry(kernel, async (entry) => {
        for (let attempt = 1; ; attempt++) {
          const evidence = await askOnce(kernel.files, entry, { reportData, privilegeLevel })
          if (evidence !== undefined) return evidence
          if (attempt === ATTEMPTS) {
            throw new VouchError('PROVIDER_FAILED', {
              rule: `the kernel must answer one of ${ATTEMPTS} questions undisturbed`,
            })
          }
          await kernel.sleep(PAUSE_MS * attempt)
        }
      }),
  }
}

interface Question {
  readonly reportData: Uint8Array
  readonly privilegeLevel: number | undefined
}

/** Asks, and makes sure that the answer is to this question. Nothing, when somebody came between or the kernel was busy. */
async function askOnce(
  files: TsmFileSystem,
  entry: string,
  { reportData, privilegeLevel }: Question,
): Promise<readonly Uint8Array[] | undefined> {
  try {
    const before = await generationOf(files, entry)
    if (privilegeLevel !== undefined) await files.write(`${entry}/privlevel`, ascii(`${privilegeLevel}`))
    await files.write(`${entry}/inblob`, reportData)
    const outblob = await files.read(`${entry}/outblob`)
    const auxblob = await readIfThere(files, `${entry}/auxblob`)
    const hardware = await hardwareOf(files, entry)
    const writes = privilegeLevel === undefined ? 1n : 2n
    if ((await generationOf(files, entry)) !== before + writes) return undefined
    // The kernel says nothing when a write to inblob fails at its end: the report itself tells what it was made for.
    return toHex(outblob).includes(toHex(reportData)) ? hardware(outblob, auxblob) : undefined
  } catch (error) {
    if (PASSING.includes(codeOf(error))) return undefined
    throw asFailure(error)
  }
}

/** An entry of our own, which is gone afterwards whatever happens. */
async function withEntry<T>(kernel: TsmKernel, use: (entry: string) => Promise<T>): Promise<T> {
  const entry = await makeEntry(kernel)
  try {
    return await use(entry)
  } finally {
    await kernel.files.rmdir(entry).catch(() => undefined) // an entry that stays costs memory, an answer lost costs more
  }
}

async function makeEntry({ files, random }: TsmKernel): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const entry = `${FOLDER}/vouch-${toHex(random(8))}`
    try {
      await files.mkdir(entry)
      return entry
    } catch (error) {
      if (codeOf(error) === 'EEXIST' && attempt < ATTEMPTS) continue
      throw new VouchError(
        'PROVIDER_UNAVAILABLE',
        {
          rule: `the kernel must have ${FOLDER}, and let this user make entries in it`,
          given: codeOf(error),
          hint: 'load sev-guest or tdx-guest, mount configfs, run as root',
        },
        { cause: error },
      )
    }
  }
}

async function hardwareOf(files: TsmFileSystem, entry: string) {
  const name = await textAt(files, `${entry}/provider`)
  const hardware = HARDWARE[name]
  if (hardware !== undefined) return hardware
  throw new VouchError('PROVIDER_UNAVAILABLE', {
    rule: `the kernel's provider must be one of ${Object.keys(HARDWARE).join(', ')}`,
    given: JSON.stringify(name.slice(0, 40)),
  })
}

async function generationOf(files: TsmFileSystem, entry: string): Promise<bigint> {
  const text = await textAt(files, `${entry}/generation`)
  if (/^[0-9]{1,20}$/.test(text)) return BigInt(text)
  throw new VouchError('PROVIDER_FAILED', { rule: "the kernel's generation must be a number" })
}

async function textAt(files: TsmFileSystem, path: string): Promise<string> {
  return new TextDecoder().decode(await files.read(path)).trimEnd()
}

/** Hardware without certificates has no such file, or an empty one. */
async function readIfThere(files: TsmFileSystem, path: string): Promise<Uint8Array> {
  try {
    return await files.read(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return concat()
    throw error
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}

function asFailure(error: unknown): VouchError {
  if (error instanceof VouchError) return error
  return new VouchError(
    'PROVIDER_FAILED',
    {
      rule: 'the kernel must give evidence for REPORT_DATA',
      given: codeOf(error),
      hint: 'a privilege level below what the guest runs at is refused with EINVAL',
    },
    { cause: error },
  )
}

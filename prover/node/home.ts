import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import {
  type AdmissionPolicy,
  admissionPolicyId,
  parseAdmissionPolicy,
  printAdmissionPolicy,
} from '@vouch/evidence'
import {
  createPrivateFile,
  makeFolder,
  parseNamedFile,
  parsePrivateFile,
  privateFolder,
  writePrivateFile,
  writeWhole,
} from '@vouch/host/node'
import {
  type Credential,
  type Draft,
  fieldToBytes,
  type Guest,
  parseCredential,
  parseDraft,
  parseGuest,
  parseLedgerEntry,
  parseReading,
  printCredential,
  printDraft,
  printLedgerEntry,
  printReading,
  type Reading,
  shown,
  toHex,
  VouchError,
} from '@vouch/protocol'
import type { Mirror } from '@vouch/registry'
import { openMirror } from '@vouch/registry/node'
import { credentialOf, type Ledger } from '../src/index.js'

/** Where Alice keeps what is hers: `--home`, or $VOUCH_HOME, or .vouch in her own folder. */
export const homeFolder = (named?: string): string =>
  named ?? process.env.VOUCH_HOME ?? join(homedir(), '.vouch')

/** What lies in Alice's folder. All of it is hers alone; credentials and drafts are secret. */
export interface Home {
  readonly folder: string
  readonly ledger: Ledger
  credentials(): Promise<readonly string[]>
  /** A credential by its name here, or by its file's path. */
  credential(nameOrPath: string): Promise<Credential>
  /** Refuses a name that is none, or is in use: asked before anybody else is, so that it costs nothing. */
  assertNameFree(name: string): Promise<void>
  /** Keeps a credential under a name of its own, never in the place of another, and lets go of the draft that it came of. */
  keepCredential(credential: Credential, name?: string): Promise<string>
  /** Writes a credential that is there as it is now. */
  updateCredential(credential: Credential, name: string): Promise<void>
  forgetCredential(name: string): Promise<void>
  /** All that she holds, drafts too. What cannot be read is left out. */
  all(): Promise<readonly Draft[]>
  drafts(): Promise<readonly Draft[]>
  draft(credential: bigint): Promise<Draft>
  keepDraft(draft: Draft): Promise<void>
  forgetDraft(draft: Draft): Promise<void>
  /** Where her copy of a registry lies. */
  registryFolder(registryId: Uint8Array): Promise<string>
  mirrorOf(registryId: Uint8Array): Promise<Mirror>
  /** Where she reads a registry, if she has named a place. */
  reading(registryId: Uint8Array): Promise<Reading | undefined>
  keepReading(registryId: Uint8Array, reading: Reading): Promise<void>
  /** Every guest that she knows: of her credentials, and those whose listings she has put into `guests/`. */
  guests(): Promise<readonly Guest[]>
  documents(): Promise<readonly AdmissionPolicy[]>
  keepDocument(policy: AdmissionPolicy): Promise<void>
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** What a credential or draft is called where nobody gave it a name: the start of C, which the registry shows to all. */
export const usualName = (held: Pick<Draft, 'guest' | 'holderSecret'>): string =>
  shortName(credentialOf(held))

const shortName = (credential: bigint): string => toHex(fieldToBytes(credential)).slice(0, 16)

export async function openHome(folder: string): Promise<Home> {
  await privateFolder(folder)
  const part = (name: string): Promise<string> => privateFolder(join(folder, name))
  const [credentials, drafts, ledger] = [
    await part('credentials'),
    await part('drafts'),
    await part('ledger'),
  ]
  const registryFolder = async (registryId: Uint8Array): Promise<string> =>
    join(await part('registries'), toHex(registryId))
  const draftFile = (name: string): string => join(drafts, `${name}.json`)
  const credentialFile = (name: string): string => join(credentials, `${checkedName(name)}.json`)
  const readDraft = (name: string): Promise<Draft> => parsePrivateFile(draftFile(name), parseDraft)
  const readCredential = (name: string): Promise<Credential> =>
    parsePrivateFile(credentialFile(name), parseCredential)
  const all = async (): Promise<readonly Draft[]> => [
    ...(await readable(await namesIn(credentials), readCredential)),
    ...(await readable(await namesIn(drafts), readDraft)),
  ]
  const readingFile = async (id: Uint8Array): Promise<string> =>
    join(await registryFolder(id), 'reading.json')
  return {
    folder,
    ledger: folderLedger(ledger),
    credentials: () => namesIn(credentials),
    credential: async (nameOrPath) => {
      const isName = NAME.test(nameOrPath)
      if (isName && (await isThere(credentialFile(nameOrPath)))) return readCredential(nameOrPath)
      if (isName && !(await isThere(nameOrPath))) throw await unknownIn(credentials, nameOrPath)
      return parsePrivateFile(nameOrPath, parseCredential)
    },
    assertNameFree: async (name) => {
      if (await isThere(credentialFile(name))) throw nameTaken(name)
    },
    keepCredential: async (credential, name = usualName(credential)) => {
      const file = credentialFile(name)
      const isNew = await createPrivateFile(file, `${printCredential(credential)}\n`)
      if (!isNew && !(await isSameIn(file, credential))) throw nameTaken(name)
      await rm(draftFile(usualName(credential)), { force: true })
      return file
    },
    updateCredential: (credential, name) =>
      writePrivateFile(credentialFile(name), `${printCredential(credential)}\n`),
    forgetCredential: async (name) => {
      if (!(await isThere(credentialFile(name)))) throw await unknownIn(credentials, name)
      await rm(credentialFile(name))
    },
    all,
    drafts: async () => readable(await namesIn(drafts), readDraft),
    draft: (credential) => readDraft(shortName(credential)),
    keepDraft: (draft) => writePrivateFile(draftFile(usualName(draft)), `${printDraft(draft)}\n`),
    forgetDraft: (draft) => rm(draftFile(usualName(draft)), { force: true }),
    registryFolder,
    mirrorOf: async (registryId) => openMirror(await registryFolder(registryId)),
    reading: async (registryId) => {
      const file = await readingFile(registryId)
      return (await isThere(file)) ? parsePrivateFile(file, parseReading) : undefined
    },
    keepReading: async (registryId, reading) => {
      await makeFolder(await registryFolder(registryId))
      await writePrivateFile(await readingFile(registryId), `${printReading(reading)}\n`)
    },
    guests: async () => {
      const at = join(folder, 'guests')
      const listed = (await namesIn(at)).map((name) => parseNamedFile(join(at, `${name}.json`), parseGuest))
      return [...(await all()).map(({ guest }) => guest), ...(await Promise.all(listed))]
    },
    documents: async () => {
      const at = join(folder, 'policies')
      const names = await namesIn(at)
      return Promise.all(names.map((name) => parseNamedFile(join(at, `${name}.json`), parseAdmissionPolicy)))
    },
    keepDocument: async (policy) => {
      const at = join(folder, 'policies')
      await mkdir(at, { recursive: true, mode: 0o700 })
      const name = toHex(fieldToBytes(admissionPolicyId(policy)))
      await writeWhole(join(at, `${name}.json`), `${printAdmissionPolicy(policy)}\n`)
    },
  }
}

/** Those that can be read: one that cannot does not hide the others. */
async function readable<T>(
  names: readonly string[],
  read: (name: string) => Promise<T>,
): Promise<readonly T[]> {
  const settled = await Promise.allSettled(names.map(read))
  return settled.flatMap((one) => {
    if (one.status === 'fulfilled') return [one.value]
    if (one.reason instanceof VouchError) return []
    throw one.reason
  })
}

/** A file for each scope, so that looking one up reads one, and two processes cannot both be the first. */
function folderLedger(folder: string): Ledger {
  const fileOf = (scope: bigint): string => join(folder, `${toHex(fieldToBytes(scope))}.json`)
  const read = (scope: bigint) => parsePrivateFile(fileOf(scope), parseLedgerEntry)
  return {
    find: async (scope) => ((await isThere(fileOf(scope))) ? read(scope) : undefined),
    claim: async (entry) => {
      const isNew = await createPrivateFile(fileOf(entry.scope), `${printLedgerEntry(entry)}\n`)
      return isNew ? entry : read(entry.scope)
    },
    replace: (entry) => writePrivateFile(fileOf(entry.scope), `${printLedgerEntry(entry)}\n`),
  }
}

const isThere = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined)) !== undefined

/** Whether a file has this very credential: a crash came between keeping it and letting go of its draft. */
async function isSameIn(file: string, credential: Credential): Promise<boolean> {
  return credentialOf(await parsePrivateFile(file, parseCredential)) === credentialOf(credential)
}

async function unknownIn(credentials: string, name: string): Promise<VouchError> {
  const names = await namesIn(credentials)
  const known = names.length === 0 ? 'there are none' : `credentials: ${names.join(', ')}`
  return new VouchError('CREDENTIAL_UNKNOWN', {
    rule: `no credential is named '${name}'; ${known}`,
    hint: `give one of their names, or the path of a credential's file; alice enroll --name ${name} makes one`,
  })
}

function nameTaken(name: string): VouchError {
  return new VouchError('USAGE', {
    rule: 'a credential must have a name of its own: another one has this',
    given: shown(name),
    hint: `choose another --name; alice credential forget ${name} lets go of the one that has it`,
  })
}

/** Names of the JSON files in a folder; what hides behind a dot is being written, or was left by a crash. */
async function namesIn(folder: string): Promise<readonly string[]> {
  const files = await readdir(folder).catch(() => [])
  return files
    .filter((file) => /^[^.].*\.json$/.test(file))
    .map((file) => file.slice(0, -'.json'.length))
    .sort()
}

function checkedName(name: string): string {
  if (NAME.test(name)) return name
  throw new VouchError('USAGE', {
    rule: 'a name must be up to 64 letters, digits, dots, dashes and underscores',
    given: shown(name),
  })
}

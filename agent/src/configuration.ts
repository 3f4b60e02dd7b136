import { type Json, PROFILE_IDS, type ProfileName, type PublicKey, shown } from '@vouch/protocol'
import {
  type Codec,
  fixedBytes,
  list,
  mismatch,
  oneOf,
  optional,
  record,
  text,
  uint,
  version,
} from '@vouch/protocol/codec'
import { type ProviderSettings, providerSettings } from './providers/settings.js'

/** An agent's configuration as its file says it. What it means, and whether it may say so, `planOf` tells. */
export interface Configuration {
  readonly version: 1
  /** Where evidence comes from. Named, never defaulted. */
  readonly provider: ProviderSettings
  /** A folder in memory, the agent's own: keys that were announced outlive the agent there, and end with the boot. */
  readonly state?: string
  /** What the guest runs from. */
  readonly closure?: ClosureFile
  readonly osImageHash?: Uint8Array
  readonly services: readonly ServiceFile[]
}

/** The store paths of a closure: listed here, or in a file with one path to a line. */
export interface ClosureFile {
  readonly store: string
  readonly paths?: readonly string[]
  readonly list?: string
  /** Names that stand in files of the closure and are no part of it, such as an example in a manual. */
  readonly mentions?: readonly string[]
}

export interface ServiceFile {
  readonly name: string
  readonly instance: number
  readonly profile: ProfileName
  readonly endpoint: string
  /** The program that runs, a path in the store. */
  readonly program?: string
  readonly drv?: Uint8Array
  /** Where the service announces its key, in a folder that is this user's alone. */
  readonly socket?: string
  readonly user?: User
  readonly publicKey?: PublicKey
}

/** A user of the guest, by number or by name. */
export type User = number | string

const MAX_SERVICES = 256
const MAX_PATHS = 16_000 // longer lists have a file of their own

const path = text(1024)
const storeName = text(211)
const uid = uint(4, { max: 2 ** 32 - 2 })
const userName = text(32)

const user: Codec<User> = {
  write: (out, value, at) => userName.write(out, String(value), at),
  read: (input, at) => userName.read(input, at),
  toJson: (value) => value,
  fromJson: (json, at) => (typeof json === 'number' ? uid.fromJson(json, at) : userName.fromJson(json, at)),
  schema: new Map<string, Json>([['anyOf', [uid.schema, userName.schema]]]),
}

/** What stands in a URL, so that nothing in it needs escaping. */
const serviceName: Codec<string> = {
  ...text(64),
  fromJson: (json, at) =>
    typeof json === 'string' && /^[a-z0-9][a-z0-9-]{0,63}$/.test(json)
      ? json
      : mismatch(
          at,
          '1 to 64 lower-case letters, digits and hyphens',
          typeof json === 'string' ? shown(json) : json,
        ),
}

const service: Codec<ServiceFile> = record<ServiceFile>({
  name: serviceName,
  instance: uint(4, { max: 2 ** 32 - 1 }),
  profile: oneOf(PROFILE_IDS),
  endpoint: text(1000),
  program: optional(path),
  drv: optional(fixedBytes(32)),
  socket: optional(path),
  user: optional(user),
  publicKey: optional(record<PublicKey>({ x: fixedBytes(32), y: fixedBytes(32) })),
})

const closure: Codec<ClosureFile> = record<ClosureFile>({
  store: path,
  paths: optional(list(path, { min: 1, max: MAX_PATHS, anyOrder: true })),
  list: optional(path),
  mentions: optional(list(storeName, { min: 1, max: 1024, anyOrder: true })),
})

export const configurationCodec: Codec<Configuration> = record<Configuration>({
  version: version(1),
  provider: providerSettings,
  state: optional(path),
  closure: optional(closure),
  osImageHash: optional(fixedBytes(32)),
  services: list(service, { min: 1, max: MAX_SERVICES, anyOrder: true }),
})

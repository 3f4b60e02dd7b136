import { type Codec, parseFile, printFile } from '../notation/codec.js'
import { list, record } from '../notation/composites.js'
import { fieldElement, fixedBytes, oneOf, text, uint, version } from '../notation/scalars.js'
import type { PublicKey, Service } from '../service-tree.js'
import { PROFILE_IDS, type ProfileName } from '../statements/envelope.js'

/** A service as its agent lists it: what the tree holds of it, and how a client finds and reads it. */
export interface ListedService extends Service {
  /** What the agent's configuration calls it. */
  readonly name: string
  /** How envelopes of this service become what it signs. */
  readonly profile: ProfileName
  /** Where it answers: `http://HOST:PORT/PATH`, `https://…` or `tcp://HOST:PORT`. The agent's word, and the network's. */
  readonly endpoint: string
}

/** What runs in a guest, as its agent says. Alice rebuilds the tree from it; the evidence shows whether it is so. */
export interface Guest {
  readonly version: 1
  /** The agent's provider of evidence: `simulated`, `configfs-tsm`, … */
  readonly provider: string
  readonly osImageHash: Uint8Array
  readonly smtRoot: bigint
  /** Every service in the tree, ascending by drv and instance. */
  readonly services: readonly ListedService[]
}

/** More than any guest runs, and few enough that a list is small. */
const MAX_LISTED = 1024

const publicKey: Codec<PublicKey> = record<PublicKey>({ x: fixedBytes(32), y: fixedBytes(32) })

const listedService: Codec<ListedService> = record<ListedService>({
  drv: fixedBytes(32),
  instance: uint(4, { max: 2 ** 32 - 1 }),
  publicKey,
  name: text(100),
  profile: oneOf(PROFILE_IDS),
  endpoint: text(1000),
})

export const guestCodec: Codec<Guest> = record<Guest>({
  version: version(1),
  provider: text(100),
  osImageHash: fixedBytes(32),
  smtRoot: fieldElement(),
  services: list(listedService, { min: 1, max: MAX_LISTED }),
})

export const parseGuest = (file: string | Uint8Array): Guest => parseFile(guestCodec, file, 'guest')
export const printGuest = (guest: Guest): string => printFile(guestCodec, guest, 'guest')

/** What a service tells its agent over the socket that is its own. drv and instance come from the socket, never from here. */
export interface Announcement {
  readonly version: 1
  readonly publicKey: PublicKey
}

export const announcementCodec: Codec<Announcement> = record<Announcement>({ version: version(1), publicKey })

export const parseAnnouncement = (file: string | Uint8Array): Announcement =>
  parseFile(announcementCodec, file, 'announcement')
export const printAnnouncement = (announcement: Announcement): string =>
  printFile(announcementCodec, announcement, 'announcement')

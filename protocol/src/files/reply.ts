import { type Opening, openingCodec } from '../guest/asking.js'
import { type Codec, parseFile, printFile } from '../notation/codec.js'
import { optional, record } from '../notation/composites.js'
import { version } from '../notation/scalars.js'
import { type Request, requestCodec } from '../request/request.js'
import { type Bundle, bundleCodec } from './bundle.js'

/**
 * A bundle together with the Request that it answers, for a verifier that keeps no Requests. The Request in it comes
 * from a stranger: a verifier that reads a reply has to see first that the Request is one of its own.
 */
export interface Reply {
  readonly version: 2
  readonly request: Request
  readonly bundle: Bundle
  /** What was asked, where Alice shows it: the envelope has its salted hash. */
  readonly opening?: Opening
}

export const replyCodec: Codec<Reply> = record<Reply>({
  version: version(2),
  request: requestCodec,
  bundle: bundleCodec,
  opening: optional(openingCodec),
})

export const parseReply = (file: string | Uint8Array): Reply => parseFile(replyCodec, file, 'reply')
export const printReply = (reply: Reply): string => printFile(replyCodec, reply, 'reply')

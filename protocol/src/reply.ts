import { type Bundle, bundleCodec } from './bundle.js'
import { type Codec, parseFile, printFile } from './codec/codec.js'
import { record } from './codec/composites.js'
import { version } from './codec/scalars.js'
import { type Request, requestCodec } from './request.js'

/**
 * A bundle together with the Request that it answers, for a verifier that keeps no Requests. The Request in it comes
 * from a stranger: whoever reads a reply has to see first that it is one of their own.
 */
export interface Reply {
  readonly version: 1
  readonly request: Request
  readonly bundle: Bundle
}

export const replyCodec: Codec<Reply> = record<Reply>({
  version: version(1),
  request: requestCodec,
  bundle: bundleCodec,
})

export const parseReply = (file: string | Uint8Array): Reply => parseFile(replyCodec, file, 'reply')
export const printReply = (reply: Reply): string => printFile(replyCodec, reply, 'reply')

import { type Bundle, EXIT_OF, printReply, type Request } from '@vouch/protocol'

const code = 'REQUEST_REFUSED'

/** The one refusal that leaves: whoever asks cannot tell "cannot" from "will not", nor which rule it was. */
export const REFUSAL = JSON.stringify({
  failures: [{ code, exit: EXIT_OF[code], rule: 'this Request is not answered' }],
})

/**
 * What goes back to whoever made the Request: the bundle with the Request, for a verifier may keep none, or the one
 * refusal, whatever the reason.
 */
export async function answerOnWire(
  request: Request,
  answering: Promise<{ readonly bundle: Bundle }>,
): Promise<string> {
  try {
    const { bundle } = await answering
    return printReply({ version: 1, request, bundle })
  } catch {
    return REFUSAL
  }
}

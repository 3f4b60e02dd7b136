import { EXIT_OF, printReply, type Request } from '@vouch/protocol'
import type { Answered } from './answering.js'

const code = 'REQUEST_REFUSED'

/** The one refusal that leaves: whoever asks cannot tell "cannot" from "will not", nor which rule it was. */
export const REFUSAL = JSON.stringify({
  failures: [{ code, exit: EXIT_OF[code], rule: 'this Request is not answered' }],
})

/**
 * What goes back to the verifier: the bundle with the Request, for a verifier may keep none; with the question only if she
 * wants to show it; or the one refusal, for every reason.
 */
export async function answerOnWire(
  request: Request,
  answering: Promise<Pick<Answered, 'bundle' | 'opening'>>,
  { showQuestion = false }: { readonly showQuestion?: boolean } = {},
): Promise<string> {
  try {
    const { bundle, opening } = await answering
    const shown = showQuestion && opening !== undefined ? { opening } : {}
    return printReply({ version: 2, request, bundle, ...shown })
  } catch {
    return REFUSAL
  }
}

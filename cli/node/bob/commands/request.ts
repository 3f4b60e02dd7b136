import { randomBytes } from 'node:crypto'
import { clock, parseNamedFile, parseTime, type Terminal, writeWhole } from '@vouch/host/node'
import {
  askHash,
  assertLength,
  fromHex,
  type Opening,
  PROFILES,
  type ProfileName,
  parseAcceptance,
  parseVerifier,
  printOpening,
  printRequest,
  shown,
  VouchError,
} from '@vouch/protocol'
import { makeRequest } from '@vouch/verifier'
import { readHead } from '@vouch/verifier/node'
import { lateWords } from '../late-head.js'

export interface RequestOptions {
  readonly accept: string
  readonly registry: string
  readonly verifier: string
  readonly question?: string
  readonly opening?: string
  readonly profile: string
  readonly challenge?: string
  readonly context?: string
  readonly maxAge?: string
  readonly at?: string
  readonly out?: string
}

/** `bob request`: asks for everything that the acceptance policy accepts, at the registry's newest root. */
export async function requestCommand(out: Terminal, options: RequestOptions): Promise<number> {
  const question = questionOf(options)
  const acceptance = await parseNamedFile(options.accept, parseAcceptance)
  const head = await readHead(options.registry)
  const now = options.at === undefined ? clock() : parseTime(options.at)
  const request = makeRequest({
    acceptance,
    head,
    now,
    verifier: argument('--verifier', () => parseVerifier(options.verifier)),
    challenge:
      options.challenge === undefined
        ? new Uint8Array(randomBytes(32))
        : hexArgument(options.challenge, '--challenge'),
    profile: profileArgument(options.profile),
    ...(question === undefined ? {} : { askHash: askHash(question.salt, question.message) }),
    ...(options.context === undefined ? {} : { context: hexArgument(options.context, '--context') }),
    ...(options.maxAge === undefined
      ? {}
      : { freshness: { kind: 'max_age', seconds: secondsArgument(options.maxAge) } as const }),
  })
  for (const warning of lateWords(head, acceptance, now)) out.words(`bob: warning: ${warning}`)
  if (question !== undefined && options.opening !== undefined) {
    await writeWhole(options.opening, `${printOpening(question)}\n`)
    out.words(`bob: wrote ${options.opening}: give it along with the Request, it is the question`)
  }
  const text = `${printRequest(request)}\n`
  if (options.out === undefined) {
    out.data(text.trimEnd())
    return 0
  }
  await writeWhole(options.out, text)
  out.words(`bob: wrote ${options.out}: give it to whom you ask, and keep it to judge the answer`)
  return 0
}

/** The one question that Bob wants answered. Alice needs all of it to ask, so it goes into a file of its own. */
function questionOf({ question, opening }: RequestOptions): Opening | undefined {
  if ((question === undefined) !== (opening === undefined)) {
    throw new VouchError('USAGE', {
      rule: '--question and --opening must be given together: the service is asked what the file says',
    })
  }
  if (question === undefined) return undefined
  return { salt: new Uint8Array(randomBytes(32)), message: new TextEncoder().encode(question) }
}

function hexArgument(text: string, name: string): Uint8Array {
  return argument(name, () => assertLength(fromHex(text, name), 32, name))
}

/** Reads an argument: an error in it is a slip of the person who typed it. */
function argument<T>(name: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw error instanceof VouchError
      ? new VouchError('USAGE', { ...error, rule: `${name}: ${error.rule}` })
      : error
  }
}

function profileArgument(text: string): ProfileName {
  const profile = (Object.keys(PROFILES) as ProfileName[]).find((name) => name === text)
  if (profile !== undefined) return profile
  throw new VouchError('USAGE', {
    rule: `--profile must be one of ${Object.keys(PROFILES).join(', ')}`,
    given: shown(text),
  })
}

function secondsArgument(text: string): number {
  if (/^[1-9][0-9]{0,6}$/.test(text)) return Number(text)
  throw new VouchError('USAGE', { rule: '--max-age must be a number of seconds', given: shown(text) })
}

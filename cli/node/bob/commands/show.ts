import { dateOf, fieldHex, parseNamedFile, preview, readAll, type Terminal, table } from '@vouch/host/node'
import {
  acceptanceCodec,
  acceptanceHash,
  bundleCodec,
  decodeEnvelope,
  headCodec,
  isHeadSigned,
  type Json,
  type JsonObject,
  parseAcceptance,
  parseBundle,
  parseHead,
  parseJson,
  parseRequest,
  plain,
  requestCodec,
  requestHash,
  scopeOf,
  textOf,
  toHex,
  VouchError,
} from '@vouch/protocol'

/** A file form: the member that no other form has, and what there is to say about one. */
interface Form {
  readonly kind: string
  readonly mark: string
  readonly explain: (file: Uint8Array) => {
    readonly content: Json
    readonly derived: readonly (readonly [string, string])[]
  }
}

const FORMS: readonly Form[] = [
  {
    kind: 'bundle',
    mark: 'proof',
    explain: (file) => {
      const bundle = parseBundle(file)
      const envelope = decodeEnvelope(bundle.envelope)
      return {
        content: bundleCodec.toJson(bundle),
        derived: [
          ['response', preview(envelope.payload)],
          ['signed at', `${dateOf(envelope.time)}, by the service's clock`],
          ['client nonce', toHex(envelope.clientNonce)],
          ['ask hash', toHex(envelope.askHash)],
          ['proof', `${bundle.proof.length} bytes, not verified here`],
        ],
      }
    },
  },
  {
    kind: 'Request',
    mark: 'challenge',
    explain: (file) => {
      const request = parseRequest(file)
      return {
        content: requestCodec.toJson(request),
        derived: [
          ['request hash', fieldHex(requestHash(request))],
          ['scope', fieldHex(scopeOf(request))],
          ['now', dateOf(request.now)],
          [
            'asks for',
            request.asks.kind === 'answer' ? 'an answer' : `a session until ${dateOf(request.asks.until)}`,
          ],
          [
            'linkable',
            request.context === undefined
              ? 'no: the scope is the challenge'
              : 'to every proof under this context',
          ],
        ],
      }
    },
  },
  {
    kind: 'acceptance policy',
    mark: 'request_age',
    explain: (file) => {
      const policy = parseAcceptance(file)
      return {
        content: acceptanceCodec.toJson(policy),
        derived: [['acceptance', fieldHex(acceptanceHash(policy))]],
      }
    },
  },
  {
    kind: 'head',
    mark: 'previous_root',
    explain: (file) => {
      const head = parseHead(file)
      return {
        content: headCodec.toJson(head),
        derived: [
          ['cut at', dateOf(head.time)],
          ['signature', isHeadSigned(head) ? 'holds under the signer it names' : 'DOES NOT HOLD'],
        ],
      }
    },
  },
]

/** `bob show`: says what a file is and what follows from it. Shows; judges nothing. */
export async function showFilesCommand(
  out: Terminal,
  paths: readonly string[],
  json: boolean,
): Promise<number> {
  const explained = await readAll(paths.map((path) => parseNamedFile(path, (file) => explainAs(path, file))))
  if (json) {
    out.data(
      JSON.stringify(
        explained.map((e) => ({ ...e, content: plain(e.content), derived: Object.fromEntries(e.derived) })),
        null,
        2,
      ),
    )
    return 0
  }
  for (const { path, kind, content, derived } of explained) {
    const members = [...(content as JsonObject)].map(([name, value]) => [`  ${name}`, brief(value)])
    out.data(
      `${path}: ${kind}\n${table([...members, ...derived.map(([name, value]) => [`  → ${name}`, value])])}`,
    )
  }
  return 0
}

function explainAs(path: string, file: Uint8Array) {
  const json = parseJson(textOf(file))
  const form = FORMS.find(({ mark }) => json instanceof Map && json.has(mark))
  if (form !== undefined) return { path, kind: form.kind, ...form.explain(file) }
  throw new VouchError('VALUE_MALFORMED', {
    rule: `it is none of these: ${FORMS.map(({ kind }) => kind).join(', ')}`,
  })
}

function brief(value: Json): string {
  const text = typeof value === 'string' ? value : JSON.stringify(plain(value))
  return text.length > 100 ? `${text.slice(0, 72)}… (${text.length} characters)` : text
}

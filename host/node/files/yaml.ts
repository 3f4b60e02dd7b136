import { type Json, shown, VouchError } from '@vouch/protocol'
import { isMap, isScalar, isSeq, type Node, type ParsedNode, parseDocument, visit } from 'yaml'

/** As deep as JSON may nest, and as many values. */
const MAX_DEPTH = 16
const MAX_VALUES = 16_384

/**
 * Reads the plain part of YAML: mappings, lists, texts, whole numbers, true and false, and comments. All else that YAML
 * can do is a way for one file to mean two things to two readers: tags, anchors, merging, duplicate keys, documents in a
 * row, numbers with exponents. A text of digits with a zero before them stays a text: hexadecimal is written without quotes.
 */
export function parseYaml(text: string): Json {
  // The failsafe schema takes every scalar for a text, so that nothing but the rules below gives it another type.
  const document = parseDocument<ParsedNode>(text, { schema: 'failsafe', version: '1.2', uniqueKeys: true })
  const [problem] = [...document.errors, ...document.warnings]
  if (problem !== undefined) throw malformed('a file must be plain YAML', problem.message)
  if (text.startsWith('%')) throw malformed('a YAML file must have no directives')
  let values = 0
  visit(document, {
    Alias: () => {
      throw malformed('a YAML file must have no aliases')
    },
    Node: (_, node) => {
      if (++values > MAX_VALUES) throw malformed(`a YAML file may hold ${MAX_VALUES} values`)
      if ('anchor' in node && node.anchor !== undefined)
        throw malformed('a YAML file must have no anchors', String(node.anchor))
      if (node.tag !== undefined) throw malformed('a YAML file must have no tags', node.tag)
    },
  })
  if (document.contents === null) throw malformed('a YAML file must not be empty')
  return toJson(document.contents, 0)
}

function toJson(node: Node | null, depth: number): Json {
  if (depth > MAX_DEPTH) throw malformed(`a YAML file may nest ${MAX_DEPTH} levels deep`)
  if (isSeq<Node>(node)) return node.items.map((item) => toJson(item, depth + 1))
  if (isMap<Node, Node | null>(node)) {
    return new Map(
      node.items.map(({ key, value }) => {
        if (!isScalar(key)) throw malformed('a YAML file must have texts for keys')
        return [String(key.value), toJson(value, depth + 1)]
      }),
    )
  }
  if (isScalar(node)) return node.type === 'PLAIN' ? plain(String(node.value)) : String(node.value)
  throw malformed('a YAML file must have a value behind each key')
}

function plain(text: string): Json {
  if (text === 'true') return true
  if (text === 'false') return false
  return /^(0|[1-9][0-9]{0,14})$/.test(text) ? Number(text) : text
}

function malformed(rule: string, given?: string): VouchError {
  const [line] = (given ?? '').split('\n')
  return new VouchError(
    'YAML_MALFORMED',
    line === undefined || line === '' ? { rule } : { rule, given: shown(line) },
  )
}

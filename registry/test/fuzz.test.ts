import {
  parseDecision,
  parseEndorsement,
  parseProposal,
  printDecision,
  printEndorsement,
  printProposal,
} from '@vouch/chain'
import {
  canonicalJson,
  parseCursor,
  parseEnrollment,
  parseJson,
  parseNonceRequest,
  parseReceipt,
  parseTicket,
  printCursor,
  printEnrollment,
  printNonceRequest,
  printReceipt,
  printTicket,
} from '@vouch/protocol'
import { fuzz, TIMEOUT } from '@vouch/protocol/testing/fuzz'
import { mutatedFile, mutatedText } from '@vouch/protocol/testing/mutation'
import { samplesOf } from '@vouch/protocol/testing/vectors'
import fc from 'fast-check'
import { describe, it } from 'vitest'
import { parsePolicies, printPolicies } from '../src/index.js'
import { testPolicy } from '../testing/enrolling.js'

// Forms of a registry and of trust nodes: whatever strangers and peers send is refused, or has one spelling.

const canonical = (text: string): string => canonicalJson(parseJson(text))

/** Fewer than of the protocol's forms, unless somebody says how many: these are larger, and made of the same parts. */
const RUNS = Number(process.env.VOUCH_FUZZ_RUNS ?? 20_000)

/** Fuzzes a form whose file, once read, is printed as its canonical JSON. */
function itHasOneForm<Value>(
  statement: string,
  parse: (text: string) => Value,
  print: (value: Value) => string,
): void {
  it(`as ${statement}`, () => {
    const samples = samplesOf(statement, 'file')
    const inputs = fc.oneof(mutatedText(samples), mutatedFile(samples))
    fuzz(inputs, parse, (value, text) => print(value) === canonical(text), RUNS)
  })
}

/** The same where lists of evidence come in any order: what is printed is read as itself, and as long as what was given. */
function itHasOneOrder<Value>(
  statement: string,
  parse: (text: string) => Value,
  print: (value: Value) => string,
): void {
  it(`as ${statement}, whose evidence comes in any order`, () => {
    const samples = samplesOf(statement, 'file')
    fuzz(
      fc.oneof(mutatedText(samples), mutatedFile(samples)),
      parse,
      (value, text) => {
        const printed = print(value)
        return print(parse(printed)) === printed && printed.length === canonical(text).length
      },
      RUNS,
    )
  })
}

describe('files that parse have one canonical form', TIMEOUT, () => {
  itHasOneForm('nonce-request', parseNonceRequest, printNonceRequest)
  itHasOneForm('nonce-ticket', parseTicket, printTicket)
  itHasOneForm('receipt', parseReceipt, printReceipt)
  itHasOneForm('endorsement', parseEndorsement, printEndorsement)
  itHasOneForm('decision', parseDecision, printDecision)
  itHasOneForm('cursor', parseCursor, printCursor)
  itHasOneOrder('enrollment', parseEnrollment, printEnrollment)
  itHasOneOrder('proposal', parseProposal, printProposal)

  it('as a list of policies', () => {
    const samples = [
      printPolicies([]),
      printPolicies([testPolicy()]),
      printPolicies([testPolicy(), testPolicy({ quota: 7 })]),
    ]
    const isStable = (policies: ReturnType<typeof parsePolicies>): boolean => {
      const printed = printPolicies(policies)
      return printPolicies(parsePolicies(printed)) === printed
    }
    fuzz(fc.oneof(mutatedText(samples), mutatedFile(samples)), parsePolicies, isStable, RUNS)
  })
})

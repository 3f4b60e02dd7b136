import fc from 'fast-check'
import { describe, it } from 'vitest'
import {
  canonicalJson,
  decodeAcceptance,
  decodeEnvelope,
  decodeRequest,
  encodeAcceptance,
  encodeEnvelope,
  encodeRequest,
  equalBytes,
  fromHex,
  parseAcceptance,
  parseAnnouncement,
  parseAnswer,
  parseAsk,
  parseAttestation,
  parseAttestationRequest,
  parseBundle,
  parseGuest,
  parseHead,
  parseJson,
  parseReply,
  parseRequest,
  plain,
  printAcceptance,
  printAnnouncement,
  printAnswer,
  printAsk,
  printAttestation,
  printAttestationRequest,
  printBundle,
  printGuest,
  printHead,
  printReply,
  printRequest,
} from '../src/index.js'
import { fuzz, TIMEOUT } from '../testing/fuzz.js'
import { mutatedBytes, mutatedFile, mutatedText } from '../testing/mutation.js'
import { samplesOf } from '../testing/vectors.js'

describe('bytes that decode are the bytes that encode', TIMEOUT, () => {
  const bytesOf = (statement: string) =>
    mutatedBytes(samplesOf(statement, 'bytes').map((hex) => fromHex(hex)))

  it('as a Request', () => {
    fuzz(bytesOf('request'), decodeRequest, (value, input) => equalBytes(encodeRequest(value), input))
  })
  it('as an acceptance policy', () => {
    fuzz(bytesOf('acceptance-policy'), decodeAcceptance, (value, input) =>
      equalBytes(encodeAcceptance(value), input),
    )
  })
  it('as an envelope', () => {
    fuzz(bytesOf('envelope'), decodeEnvelope, (value, input) => equalBytes(encodeEnvelope(value), input))
  })
})

describe('files that parse have one canonical form', TIMEOUT, () => {
  const filesOf = (statement: string) => {
    const samples = samplesOf(statement, 'file')
    return fc.oneof(mutatedText(samples), mutatedFile(samples))
  }
  const canonical = (text: string): string => canonicalJson(parseJson(text))

  it('as a Request', () => {
    fuzz(filesOf('request'), parseRequest, (value, text) => printRequest(value) === canonical(text))
  })
  it('as an acceptance policy, whose lists come in any order', () => {
    fuzz(filesOf('acceptance-policy'), parseAcceptance, (value, text) => {
      const printed = printAcceptance(value)
      return (
        printAcceptance(parseAcceptance(printed)) === printed && printed.length === canonical(text).length
      )
    })
  })
  it('as a head', () => {
    fuzz(filesOf('head'), parseHead, (value, text) => printHead(value) === canonical(text))
  })
  it('as a bundle', () => {
    fuzz(filesOf('bundle'), parseBundle, (value, text) => printBundle(value) === canonical(text))
  })
  it('as a reply', () => {
    fuzz(filesOf('reply'), parseReply, (value, text) => printReply(value) === canonical(text))
  })
  it('as an ask', () => {
    fuzz(filesOf('ask'), parseAsk, (value, text) => printAsk(value) === canonical(text))
  })
  it('as an answer', () => {
    fuzz(filesOf('answer'), parseAnswer, (value, text) => printAnswer(value) === canonical(text))
  })
  it('as an announcement', () => {
    fuzz(
      filesOf('announcement'),
      parseAnnouncement,
      (value, text) => printAnnouncement(value) === canonical(text),
    )
  })
  it('as a guest', () => {
    fuzz(filesOf('guest'), parseGuest, (value, text) => printGuest(value) === canonical(text))
  })
  it('as a request for an attestation', () => {
    fuzz(
      filesOf('attestation-request'),
      parseAttestationRequest,
      (value, text) => printAttestationRequest(value) === canonical(text),
    )
  })
  it('as an attestation, whose evidence comes in any order', () => {
    fuzz(filesOf('attestation'), parseAttestation, (value, text) => {
      const printed = printAttestation(value)
      return (
        printAttestation(parseAttestation(printed)) === printed && printed.length === canonical(text).length
      )
    })
  })
})

describe('JSON', TIMEOUT, () => {
  it('that is read is read as JSON.parse reads it', () => {
    const samples = [...samplesOf('policy-id', 'policy'), ...samplesOf('acceptance-policy', 'file')]
    fuzz(fc.oneof(mutatedText(samples), mutatedFile(samples)), parseJson, (value, text) => {
      return JSON.stringify(plain(value)) === JSON.stringify(JSON.parse(text))
    })
  })
})

import { describe, expect, it } from 'vitest'
import { answerFile, someAnswer, someAsk } from '../../fixtures/statements/asking.js'
import { MAX_PAYLOAD_BYTES, parseAnswer, parseAsk, printAnswer, printAsk } from '../src/index.js'
import { expectRefusal } from '../testing/refusal.js'
import { itReproduces } from '../testing/vectors.js'

itReproduces('ask', 'answer', 'announcement', 'guest', 'attestation-request', 'attestation')

describe('an ask', () => {
  const ask = parseAsk(JSON.stringify(someAsk))

  it('holds a message of one mebibyte, and no more', () => {
    const largest = { ...ask, message: new Uint8Array(MAX_PAYLOAD_BYTES) }
    expect(parseAsk(printAsk(largest))).toEqual(largest)
    expectRefusal(
      () => printAsk({ ...ask, message: new Uint8Array(MAX_PAYLOAD_BYTES + 1) }),
      'TOO_LARGE',
      'ask.message must have 0 to 1048576 bytes',
    )
  })

  it('is one line: what goes over TCP has no line feed in it', () => {
    expect(printAsk({ ...ask, message: new TextEncoder().encode('\n\r\n') })).not.toMatch(/[\r\n]/)
  })
})

describe('an answer', () => {
  const answer = parseAnswer(answerFile(someAnswer).file)

  it('holds the largest envelope, and no larger one', () => {
    const largest = { ...answer, envelope: new Uint8Array(106 + MAX_PAYLOAD_BYTES) }
    expect(parseAnswer(printAnswer(largest))).toEqual(largest)
    expectRefusal(
      () => printAnswer({ ...answer, envelope: new Uint8Array(107 + MAX_PAYLOAD_BYTES) }),
      'TOO_LARGE',
      'answer.envelope must have 106 to 1048682 bytes',
    )
  })
})

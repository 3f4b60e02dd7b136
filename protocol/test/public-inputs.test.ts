import { describe, expect, it } from 'vitest'
import { enrollInputs, inputList, P, parseRequest, printRequest, respondInputs } from '../src/index.js'
import { expectRefusal } from '../testing/refusal.js'
import { itReproduces } from '../testing/vectors.js'
import { bundle, request } from './support/samples.js'

itReproduces('respond-inputs', 'enroll-inputs')

describe('the public inputs of respond', () => {
  it('are a function of the Request, the envelope and the nullifier alone', () => {
    const again = parseRequest(printRequest(request))
    expect(respondInputs(again, bundle.envelope.slice(), 1n)).toEqual(
      respondInputs(request, bundle.envelope, 1n),
    )
  })

  it('change with every byte of the envelope', () => {
    const last = bundle.envelope.length - 1
    const changed = bundle.envelope.with(last, (bundle.envelope[last] ?? 0) ^ 1)
    expect(respondInputs(request, changed, 1n)).not.toEqual(respondInputs(request, bundle.envelope, 1n))
  })

  it('are field elements, each in its one spelling', () => {
    for (const input of inputList(respondInputs(request, bundle.envelope, P - 1n)))
      expect(input < P).toBe(true)
    expectRefusal(
      () => respondInputs(request, bundle.envelope, P),
      'VALUE_OUT_OF_RANGE',
      'nullifier must be below the order of the scalar field',
    )
    expectRefusal(
      () => respondInputs({ ...request, root: P }, bundle.envelope, 1n),
      'VALUE_OUT_OF_RANGE',
      'request.root must be below the order of the scalar field',
    )
  })
})

it('the public inputs of enroll are field elements', () => {
  const enrollment = {
    reportData: new Uint8Array(64),
    osImageHash: new Uint8Array(32),
    aux: new Uint8Array(32),
    credential: 1n,
  }
  expect(inputList(enrollInputs(enrollment))).toHaveLength(9)
  expectRefusal(
    () => enrollInputs({ ...enrollment, credential: P }),
    'VALUE_OUT_OF_RANGE',
    'credential must be below the order of the scalar field',
  )
  expectRefusal(
    () => enrollInputs({ ...enrollment, reportData: new Uint8Array(63) }),
    'VALUE_MALFORMED',
    'REPORT_DATA must have 64 bytes',
  )
})

import { expect, it } from 'vitest'
import { needs } from '../support/needs.js'

it('passes', () => {
  expect(1).toBe(1)
})

it('lacks something', (context) => {
  needs.samples(context)
  expect.unreachable('without the samples')
})

it.skip('says nothing', () => {
  expect(1).toBe(2)
})

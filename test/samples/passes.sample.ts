import { expect, it } from 'vitest'

it.each([1, 2, 3])('%s is itself', (number) => {
  expect(number).toBe(number)
})

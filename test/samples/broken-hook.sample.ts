import { beforeAll, describe, it } from 'vitest'

describe('behind a hook that throws', () => {
  beforeAll(() => {
    throw new Error('no ground to stand on')
  })

  it('never runs', () => undefined)
})

import { expect, it } from 'vitest'
import * as nodeApi from '../node/index.js'
import * as api from '../src/index.js'

/** Every value that others may import. Whoever changes this list changes the API. */
it('exports these values', () => {
  expect(Object.keys(api).sort()).toEqual([
    'Roll',
    'configfsTsm',
    'configurationCodec',
    'guestView',
    'planFrom',
  ])
  expect(Object.keys(nodeApi).sort()).toEqual([
    'DEFAULT_LIMITS',
    'hashClosure',
    'jsonLines',
    'measure',
    'readConfiguration',
    'startAgent',
  ])
})

export { boundedBody } from './body.js'
export type { AskingAgain, Patience, Waiting } from './retry.js'
export { askAgain, retryAfterMs } from './retry.js'
export { Turns } from './turns.js'

// The public names of the verifier. A test holds a copy of this list.

export type { RequestParameters } from './ask.js'
export { makeRequest } from './ask.js'
export type { Challenges } from './challenges.js'
export { openChallenges } from './challenges.js'
export type { SeenStore } from './seen.js'
export { memorySeen } from './seen.js'
export type { Readable } from './undecided.js'
export { undecided } from './undecided.js'
export type { Check, Proven, Verdict } from './verdict.js'
export type { VerifyParameters } from './verify.js'
export { verify } from './verify.js'

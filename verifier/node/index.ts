// The public names of this package under Node, besides those of `@vouch/verifier`. They stand on `@vouch/host`.

export { readHead } from './head-at.js'
export { openSeen, type SharedSeen } from './seen-database.js'

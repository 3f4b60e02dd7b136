export { FakeTsm } from './fake-tsm.js'
export { ACCEPTED, askFor, fakeAgent, isSignedBy, LineClient } from './services.js'

export { fakeWaiting } from './waiting.js'

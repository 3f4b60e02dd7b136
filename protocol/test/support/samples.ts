import { someBundle } from '../../../fixtures/statements/messages.js'
import { contentOf, someHead } from '../../../fixtures/statements/registry.js'
import { someAcceptance, someRequest } from '../../../fixtures/statements/requests.js'
import {
  type AcceptancePolicy,
  type Bundle,
  fromHex,
  type Head,
  parseAcceptance,
  parseBundle,
  parseRequest,
  type Request,
  signHead,
} from '../../src/index.js'

export const request: Request = parseRequest(JSON.stringify(someRequest))
export const acceptance: AcceptancePolicy = parseAcceptance(JSON.stringify(someAcceptance))
export const bundle: Bundle = parseBundle(JSON.stringify(someBundle))
export const head: Head = signHead(contentOf(someHead), fromHex(someHead.secret_key))

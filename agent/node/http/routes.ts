import { type HttpAsked, jsonAnswer, LIVENESS_ROUTES, type Routes } from '@vouch/host/http'
import {
  fieldToBytes,
  guestCodec,
  parseAttestationRequest,
  plain,
  printAttestation,
  printGuest,
  toHex,
} from '@vouch/protocol'
import type { GuestView } from '../../src/index.js'
import { agentOpenApi } from './openapi.js'

const NO_BODY = 0
const MAX_REQUEST_BYTES = 1024

/** Every route, one entry each. `openapi.ts` describes the same ones; a test compares the two. */
export const AGENT_ROUTES: Routes<GuestView> = {
  '/info': {
    method: 'GET',
    path: /^\/info$/,
    bodyLimit: NO_BODY,
    answer: (guest) => jsonAnswer(printGuest(guest.info())),
  },
  '/services/{name}/proof': {
    method: 'GET',
    path: /^\/services\/([a-z0-9-]{1,64})\/proof$/,
    bodyLimit: NO_BODY,
    answer: (guest, { argument }) => jsonAnswer(proofJson(guest, argument)),
  },
  '/attestation': {
    method: 'POST',
    path: /^\/attestation$/,
    bodyLimit: MAX_REQUEST_BYTES,
    answer: async (guest, { body }: HttpAsked) =>
      jsonAnswer(printAttestation(await guest.attest(parseAttestationRequest(body).nonce))),
  },
  '/openapi.json': {
    method: 'GET',
    path: /^\/openapi\.json$/,
    bodyLimit: NO_BODY,
    answer: () => jsonAnswer(OPEN_API),
  },
  ...LIVENESS_ROUTES,
}

const OPEN_API = JSON.stringify(plain(agentOpenApi()))

function proofJson(guest: GuestView, name: string): string {
  const { service, siblings } = guest.proof(name)
  const listed = plain(guestCodec.toJson(guest.info())) as { services: readonly { name: string }[] }
  return JSON.stringify({
    service: listed.services.find((candidate) => candidate.name === service.name),
    siblings: siblings.map((sibling) => toHex(fieldToBytes(sibling))),
  })
}

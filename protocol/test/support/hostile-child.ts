/**
 * Reads every hostile file with every reader of files, in a process that may hold no more memory than the readers may
 * take; prints each refusal. A reader that takes more ends the process.
 */
import {
  parseAcceptance,
  parseAnnouncement,
  parseAnswer,
  parseAsk,
  parseAttestation,
  parseAttestationRequest,
  parseBundle,
  parseGuest,
  parseHead,
  parseJson,
  parseReply,
  parseRequest,
  VouchError,
} from '../../src/index.js'
import { HOSTILE_FILES } from './hostile.js'

const READERS = {
  parseJson,
  parseRequest,
  parseAcceptance,
  parseHead,
  parseBundle,
  parseReply,
  parseAsk,
  parseAnswer,
  parseAnnouncement,
  parseGuest,
  parseAttestationRequest,
  parseAttestation,
}

function outcome(read: () => unknown): string {
  try {
    read()
    return 'read'
  } catch (error) {
    if (error instanceof VouchError) return error.code
    throw error
  }
}

for (const [name, make] of Object.entries(HOSTILE_FILES)) {
  const text = make()
  for (const [reader, read] of Object.entries(READERS)) {
    const start = performance.now()
    const code = outcome(() => read(text))
    console.log(JSON.stringify({ name, reader, code, ms: Math.round(performance.now() - start) }))
  }
}

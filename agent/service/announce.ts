import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { type PublicKey, printAnnouncement, shown, VouchError } from '@vouch/protocol'
import { flag, parseFile, record, version } from '@vouch/protocol/codec'

const acceptance = record<{ version: 1; accepted: boolean }>({ version: version(1), accepted: flag })

const MAX_ANSWER_CHARACTERS = 4096
const PATIENCE_MS = 5_000
const RETRY_MS = 500

/** Tells the agent the service's key, over the socket that is this service's alone. */
export async function announce(path: string, publicKey: PublicKey, patienceMs = PATIENCE_MS): Promise<void> {
  const line = await exchangeLine(path, printAnnouncement({ version: 1, publicKey }), patienceMs)
  if (isAccepted(line)) return
  throw new VouchError('ANNOUNCEMENT_REFUSED', {
    rule: "the agent must accept the service's key",
    given: shown(line),
    hint: 'the first key per boot stands: keep the key file over restarts, or start the guest anew',
  })
}

/** The same, when the agent may not be there yet: it starts with the guest, as the service does. */
export async function announceWithin(path: string, publicKey: PublicKey, withinMs: number): Promise<void> {
  const end = Date.now() + withinMs
  for (;;) {
    try {
      return await announce(path, publicKey)
    } catch (error) {
      const isOver = Date.now() + RETRY_MS > end
      if (isOver || !(error instanceof VouchError) || error.code !== 'AGENT_UNREACHABLE') throw error
      await pause(RETRY_MS)
    }
  }
}

function isAccepted(line: string): boolean {
  try {
    return parseFile(acceptance, line, 'answer to an announcement').accepted
  } catch {
    return false
  }
}

/** Writes one line and reads one back. */
function exchangeLine(path: string, line: string, patienceMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const fail = (reason: string): void => {
      socket.destroy()
      const given = `${shown(path)}: ${reason}`
      reject(new VouchError('AGENT_UNREACHABLE', { rule: 'the agent must answer at the socket', given }))
    }
    const socket = connect({ path })
    const timer = setTimeout(() => fail('no answer in time'), patienceMs)
    socket.setEncoding('utf8')
    socket.on('connect', () => socket.write(`${line}\n`))
    socket.on('data', (part: string) => {
      answer += part
      if (answer.length > MAX_ANSWER_CHARACTERS) return fail('an answer without end')
      if (!answer.includes('\n')) return
      resolve(answer.slice(0, answer.indexOf('\n')))
      socket.destroy()
    })
    socket.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? 'unknown'))
    socket.on('close', () => {
      clearTimeout(timer)
      fail('closed without an answer')
    })
  })
}

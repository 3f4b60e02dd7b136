import { lstat, unlink } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { refusalBody } from '@vouch/host/http'
import { type PublicKey, parseAnnouncement, shown, VouchError } from '@vouch/protocol'

export interface SocketLimits {
  /** Longest line, in bytes. */
  readonly line: number
  /** How long a service may take for its line. */
  readonly idleMs: number
  readonly connections: number
}

export const SOCKET_LIMITS: SocketLimits = { line: 1024, idleMs: 5_000, connections: 8 }

/** Longest path of a unix socket on Linux, without the zero behind it. */
const MAX_PATH_BYTES = 107

const ACCEPTED = '{"version":1,"accepted":true}'
const NEWLINE = 0x0a

export interface AnnouncementSocket {
  close(): Promise<void>
}

/**
 * Listens where one service announces its key, line for line. Which service it is, the socket says: the message has no
 * place for it. `take` is told of every key, and throws what the service is to be refused with.
 */
export async function openAnnouncementSocket(
  path: string,
  take: (publicKey: PublicKey) => Promise<void>,
  limits: SocketLimits = SOCKET_LIMITS,
): Promise<AnnouncementSocket> {
  await clearPath(path)
  const open = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    converse(socket, take, limits)
  })
  server.maxConnections = limits.connections
  await listen(server, path)
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of open) socket.destroy()
      }),
  }
}

/** One line in, one line out, and the end. */
function converse(socket: Socket, take: (publicKey: PublicKey) => Promise<void>, limits: SocketLimits): void {
  const timer = setTimeout(() => socket.destroy(), limits.idleMs)
  socket.once('close', () => clearTimeout(timer))
  socket.once('error', () => socket.destroy())
  // Half a line is no announcement; what follows the first line is nobody's.
  const hangUp = (): void => void socket.end()
  socket.once('end', hangUp)
  let line = Buffer.alloc(0)
  socket.on('data', function listen(piece: Buffer) {
    const end = piece.indexOf(NEWLINE)
    line = Buffer.concat([line, end < 0 ? piece : piece.subarray(0, end)])
    if (end < 0 && line.length <= limits.line) return
    socket.off('data', listen).off('end', hangUp).resume()
    void answerTo(line, take, limits).then((answer) => socket.end(`${answer}\n`))
  })
}

async function answerTo(
  line: Uint8Array,
  take: (publicKey: PublicKey) => Promise<void>,
  limits: SocketLimits,
): Promise<string> {
  try {
    if (line.length > limits.line) {
      throw new VouchError('TOO_LARGE', {
        rule: `an announcement must be a line of at most ${limits.line} bytes`,
      })
    }
    await take(parseAnnouncement(new Uint8Array(line)).publicKey)
    return ACCEPTED
  } catch (error) {
    return refusalBody(error)
  }
}

/** Takes away what a dead agent left. Where somebody listens, or something else lies, nothing is touched. */
async function clearPath(path: string): Promise<void> {
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    throw new VouchError('CONFIGURATION_UNSOUND', {
      rule: `the path of a socket must have at most ${MAX_PATH_BYTES} bytes`,
      given: shown(path),
    })
  }
  const info = await lstat(path).catch(() => undefined)
  if (info === undefined) return
  if (!info.isSocket()) throw taken(path, 'must be free, or hold a socket')
  if (await isAlive(path)) throw taken(path, 'must be no socket that another process listens on')
  await unlink(path)
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket
      .once('connect', () => resolve(true))
      .once('error', ({ message }) => resolve(!/ECONNREFUSED/.test(message)))
    socket.once('connect', () => socket.destroy())
  })
}

/**
 * Binds with a mode that lets the folder's owner in. A mode set after binding would follow a link that the owner, who may
 * be hostile, has put there in between. Node binds before `listen` returns, so no other code runs under this mask.
 */
function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(taken(path, 'must be where a socket can be made', cause)))
    const mask = process.umask(0o111)
    try {
      server.listen(path, () => resolve())
    } finally {
      process.umask(mask)
    }
  })
}

function taken(path: string, rule: string, cause?: unknown): VouchError {
  return new VouchError('SOCKET_TAKEN', { rule: `${shown(path)} ${rule}` }, { cause })
}

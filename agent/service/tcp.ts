import { createServer, type Socket } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { HTTP_METRICS, listening, NO_METER, refusalBody, urlAt } from '@vouch/host/http'
import { VouchError } from '@vouch/protocol'
import type { Wire, WireServing } from './wire.js'

const LINE_FEED = 0x0a

/** Serves asks over TCP: one line for one line, any number of them on one connection. */
export async function tcpWire({ place, exchange, limits, gate, count }: WireServing): Promise<Wire> {
  const countTurnedAway = (place.meter ?? NO_METER).counter(HTTP_METRICS.turnedAway)
  const busy = new Map<Socket, boolean>()
  let isEnding = false

  /** A line's answer, or in its place why there is none. */
  async function answerTo(line: Uint8Array | undefined, socket: Socket, from: string): Promise<string> {
    try {
      await gate.admit('write', from)
      if (line === undefined) throw tooLong(limits.askBytes)
      const answer = await gate.work(from, socket, () => exchange(line))
      count('answered')
      return answer
    } catch (error) {
      count(error instanceof VouchError ? error.code : 'INTERNAL')
      return refusalBody(error)
    }
  }

  /** Answers line by line. An ask has until `totalMs` after its first byte, its answer's last byte included. */
  async function* answers(socket: Socket, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
    const from = gate.clientOn(socket)
    let timer: NodeJS.Timeout | undefined
    const begin = (): void => {
      busy.set(socket, true)
      timer ??= setTimeout(() => socket.destroy(), limits.totalMs)
    }
    const end = (): void => {
      busy.set(socket, false)
      clearTimeout(timer)
      timer = undefined
    }
    try {
      for await (const line of linesOf(chunks, limits.askBytes, begin)) {
        yield `${await answerTo(line, socket, from)}\n`
        end()
        if (isEnding) return
      }
    } finally {
      end()
    }
  }

  // Half open: a client that sends its line and says that nothing follows is answered all the same.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const refused = (reason: VouchError): string => {
      countTurnedAway({ code: reason.code })
      return `${refusalBody(reason)}\n`
    }
    if (!gate.admitConnection(socket, refused)) return
    busy.set(socket, false)
    socket.on('close', () => busy.delete(socket))
    socket.setTimeout(limits.idleMs, () => socket.destroy())
    pipeline(socket, (chunks: AsyncIterable<Uint8Array>) => answers(socket, chunks), socket).catch(() => {
      socket.destroy() // the other side is gone, or was too slow
    })
  })
  return {
    endpoint: urlAt(await listening(server, place), 'tcp'),
    close: (graceMs) =>
      new Promise((resolve) => {
        const cut = setTimeout(() => {
          for (const socket of busy.keys()) socket.destroy()
        }, graceMs)
        server.close(() => {
          clearTimeout(cut)
          resolve()
        })
        isEnding = true
        for (const [socket, isBusy] of busy) if (!isBusy) socket.destroy()
      }),
  }
}

const tooLong = (longest: number): VouchError =>
  new VouchError('TOO_LARGE', { rule: `a line must be at most ${longest} bytes` })

/**
 * Lines without their ends; of one that is too long nothing but that it was there. What follows the last line feed was
 * cut off on its way, and is nobody's ask.
 */
async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  longest: number,
  begin: () => void,
): AsyncGenerator<Uint8Array | undefined> {
  let parts: Uint8Array[] = []
  let size = 0
  for await (const chunk of chunks) {
    let rest = chunk
    while (rest.length > 0) {
      begin()
      const end = rest.indexOf(LINE_FEED)
      const part = end < 0 ? rest : rest.subarray(0, end)
      size += part.length
      if (size > longest) parts = []
      else parts.push(part)
      if (end < 0) break
      yield size > longest ? undefined : new Uint8Array(Buffer.concat(parts))
      parts = []
      size = 0
      rest = rest.subarray(end + 1)
    }
  }
}

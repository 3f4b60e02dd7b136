import { connect } from 'node:net'
import type { LineExchange } from '../src/index.js'

const NEWLINE = 0x0a

/** Sends a line and takes the line that comes back: so much of it and no more, and nothing behind it. */
export const exchangeLine: LineExchange = ({ host, port }, line, { limit, signal }) =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal })
    const parts: Buffer[] = []
    let size = 0
    const end = (settle: () => void): void => {
      socket.destroy()
      settle()
    }
    socket.on('connect', () => socket.write(`${line}\n`))
    socket.on('data', (part) => {
      parts.push(part)
      size += part.length
      if (size > limit) return end(() => reject(new Error('the answer is too long')))
      if (!part.includes(NEWLINE)) return
      const whole = Buffer.concat(parts)
      const at = whole.indexOf(NEWLINE)
      if (at + 1 < whole.length) return end(() => reject(new Error('something follows the answer')))
      end(() => resolve(whole.subarray(0, at).toString('utf8')))
    })
    socket.on('error', (error) => end(() => reject(error)))
    socket.on('close', () => end(() => reject(new Error('the connection ended before the answer did'))))
  })

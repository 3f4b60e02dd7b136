import type { Server } from 'node:net'

/** A way in: a server, and how it is brought to an end. */
export interface Wire {
  readonly server: Server
  readonly scheme: 'tcp' | 'http'
  /** Ends connections that have nothing in hand. */
  finish(): void
  cut(): void
}

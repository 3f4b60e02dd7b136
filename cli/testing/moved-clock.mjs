import { readFileSync } from 'node:fs'

// Loaded before a program: its clock is off by as many seconds as a file says at that moment. The machine's uptime is what it is.

const { now } = Date
Date.now = () => now() + 1000 * Number(readFileSync(process.env.MOVED_CLOCK ?? '', 'utf8'))

import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { peakOf } from './memory.js'

// Measuring processes: each takes its job as a message, answers with one, and ends when nobody listens any more.

export interface Answered<Answer> {
  readonly answer: Answer
  /** Bytes: the most resident memory that the process had by then. */
  readonly peak: number | undefined
}

export interface Launch {
  /** Without what this process runs under: no loader of TypeScript, and packages as they are built. */
  readonly built?: boolean
  readonly env?: NodeJS.ProcessEnv
}

/** Runs a file of this folder as a process of its own. */
export function runWorker<Answer>(file: string, job: object, launch: Launch = {}): Promise<Answered<Answer>> {
  return new Promise((resolve, reject) => {
    const worker = fork(fileURLToPath(new URL(file, import.meta.url)), {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: launch.env ?? process.env,
      ...(launch.built ? { execArgv: [] } : {}),
    })
    let answered: Answered<Answer> | undefined
    worker.once('message', (message) => {
      answered = {
        answer: message as Answer,
        peak: worker.pid === undefined ? undefined : peakOf(worker.pid),
      }
      worker.disconnect()
    })
    worker.once('error', reject)
    worker.once('exit', (status) =>
      answered === undefined
        ? reject(new Error(`a measuring process ended with status ${status}`))
        : resolve(answered),
    )
    worker.send(job)
  })
}

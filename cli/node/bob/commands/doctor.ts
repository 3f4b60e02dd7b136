import { availableParallelism, totalmem } from 'node:os'
import { CIRCUITS, type EngineKind } from '@vouch/circuits'
import { openBackend, readReference } from '@vouch/circuits/node'
import { clock, type Terminal, table } from '@vouch/host/node'
import { sentence, VouchError } from '@vouch/protocol'

interface Finding {
  readonly what: string
  readonly ok: boolean
  readonly found: string
  /** Whether Bob can do without it. */
  readonly optional?: true
}

const OLDEST_NODE = [20, 19] as const
/** When this was written: a clock before it is wrong, and every age that is judged by it. */
const WRITTEN = Date.UTC(2026, 10, 21) / 1000

/** `bob doctor`: looks at everything that verifying and proving need, and tries the real thing. */
export async function doctorCommand(out: Terminal, json: boolean): Promise<number> {
  const findings = [
    node(),
    clockFinding(),
    machine(),
    await points(),
    await engine('native'),
    await engine('wasm'),
  ]
  const works = findings.some(({ what, ok }) => ok && what.startsWith('backend'))
  const healthy = works && findings.every(({ ok, optional }) => ok || optional)
  if (json) out.data(JSON.stringify({ healthy, findings }, null, 2))
  else {
    out.data(table(findings.map(({ what, ok, found }) => [ok ? '✓' : '✗', what, found])))
    out.words(
      healthy
        ? 'bob: this machine can verify, and prove: the same library does both'
        : 'bob: error: this machine cannot verify',
    )
  }
  return healthy ? 0 : 4
}

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const ok = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])
  return { what: 'node', ok, found: `${process.versions.node} (${OLDEST_NODE.join('.')} or later)` }
}

function clockFinding(): Finding {
  const now = clock()
  return { what: 'clock', ok: now >= WRITTEN, found: new Date(now * 1000).toISOString() }
}

function machine(): Finding {
  const memory = (totalmem() / 2 ** 30).toFixed(1)
  return {
    what: 'machine',
    ok: true,
    found: `${availableParallelism()} cores, ${memory} GiB, ${process.platform} ${process.arch}`,
  }
}

async function points(): Promise<Finding> {
  const what = 'reference string'
  try {
    const { count } = await readReference()
    return { what, ok: true, found: `${count} points, SHA-256 as pinned` }
  } catch (error) {
    return { what, ok: false, found: explained(error) }
  }
}

/** Asks an engine to judge a proof of zeros: any answer but "true" shows that it runs, reads its key and decides. */
async function engine(kind: EngineKind): Promise<Finding> {
  const what = `backend ${kind}`
  const backend = openBackend({ kind })
  const start = performance.now()
  try {
    const holds = await backend.verify(
      'respond',
      new Array(publicInputs).fill(0n),
      new Uint8Array(proofBytes),
    )
    const took = Math.round(performance.now() - start)
    return {
      what,
      ok: !holds,
      found: holds ? 'accepts a proof of zeros' : `runs (${took} ms), key ${vkHash.slice(0, 16)}…`,
      optional: true,
    }
  } catch (error) {
    return { what, ok: false, found: explained(error), optional: true }
  } finally {
    await backend.destroy()
  }
}

const { publicInputs, proofBytes, vkHash } = CIRCUITS.respond

function explained(error: unknown): string {
  if (error instanceof VouchError) return sentence(error)
  throw error
}

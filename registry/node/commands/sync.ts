import { openHasher } from '@vouch/circuits'
import { fieldToBytes, toHex } from '@vouch/protocol'
import { bytesArgument, type Terminal } from '@vouch/protocol/node'
import { syncRegistry } from '../../src/sync.js'
import { openMirror, openSource } from '../public-folder.js'

export interface SyncOptions {
  readonly to: string
  readonly registry?: string
  readonly signer?: string
  readonly json?: true
}

/** `registrar sync`: brings a copy of a registry up to its newest head, and believes nothing on the way. */
export async function syncCommand(out: Terminal, from: string, options: SyncOptions): Promise<number> {
  const { registry, signer } = options
  const { head, fetched, buckets } = await syncRegistry({
    source: await openSource(from),
    mirror: await openMirror(options.to),
    expected: {
      ...(registry === undefined ? {} : { registryId: bytesArgument(registry, '--registry') }),
      ...(signer === undefined ? {} : { signer: bytesArgument(signer, '--signer', 33) }),
    },
    hash: await openHasher(),
    onBucket: (done, of) => {
      if (done % PROGRESS_EVERY === 0) out.words(`registrar: ${done} of ${of} buckets`)
    },
  })
  if (options.json) {
    const root = toHex(fieldToBytes(head.root))
    out.data(JSON.stringify({ seq: head.seq, size: head.size, root, time: head.time, fetched, buckets }))
  } else {
    out.data(`head ${head.seq} with ${head.size} leaves; fetched ${fetched} of ${buckets} buckets`)
  }
  return 0
}

const PROGRESS_EVERY = 32

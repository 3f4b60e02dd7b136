import { equalBytes, VouchError } from '@vouch/protocol'
import { bytesArgument, fieldArgument, type Terminal } from '@vouch/protocol/node'
import type { Registry } from '../../src/store.js'
import { openRegistrar } from '../open-registrar.js'
import { refuseMachine, registrarFolder } from '../registrar-folder.js'
import { keyFile, type SigningOptions } from './options.js'

export interface RemoveOptions extends SigningOptions {
  readonly credential?: string
  readonly machine?: string
  readonly reason: string
  readonly json?: true
}

/** `registrar remove`: empties leaves for cause, bans their credentials, and refuses every earlier root at once. */
export async function removeCommand(out: Terminal, folder: string, options: RemoveOptions): Promise<number> {
  if ((options.credential === undefined) === (options.machine === undefined)) {
    throw new VouchError('USAGE', { rule: 'a removal must name either --credential or --machine' })
  }
  const registrar = await openRegistrar(folder, { key: keyFile(folder, options) })
  try {
    const indexes = named(registrar.registry, options)
    // Before the leaves, so that a crash in between leaves a machine that cannot come back rather than one that can.
    if (options.machine !== undefined) {
      await refuseMachine(registrarFolder(folder), bytesArgument(options.machine, '--machine'))
    }
    for (const index of indexes) await registrar.remove(index, options.reason)
    const { seq } = registrar.head()
    if (options.json) out.data(JSON.stringify({ removed: indexes, seq }))
    else out.data(`removed ${indexes.length} leaves; head ${seq} refuses every root before the last of them`)
    return 0
  } finally {
    await registrar.close()
  }
}

/** Places in the tree that are to be emptied. A machine that has none may still be refused from now on. */
function named(registry: Registry, { credential, machine }: RemoveOptions): readonly number[] {
  if (machine !== undefined) return indexesOf(registry, bytesArgument(machine, '--machine'))
  const member = registry.find(fieldArgument(credential ?? '', '--credential'))
  if (member !== undefined) return [member.index]
  throw new VouchError('LEAF_MISSING', {
    rule: 'the credential must be a member of this registry',
    hint: 'registrar show --members lists them',
  })
}

function indexesOf(registry: Registry, machine: Uint8Array): readonly number[] {
  return registry
    .members(0, registry.size)
    .flatMap((member, index) =>
      !member.removed && member.machine !== undefined && equalBytes(member.machine, machine) ? [index] : [],
    )
}

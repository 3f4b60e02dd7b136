import { dirname } from 'node:path'
import { readNamedFile, type Terminal } from '@vouch/host/node'
import { textOf, toHex, VouchError } from '@vouch/protocol'
import { listedPaths } from '../configuration-file.js'
import { hashClosure, programIn } from '../store/hash-store.js'

export interface HashOptions {
  readonly list?: string
  readonly store?: string
  readonly mentions?: readonly string[]
  readonly program?: readonly string[]
  readonly json?: true
}

/** `tee-agent hash`: what a closure and the programs in it are called in policies. */
export async function hashCommand(
  out: Terminal,
  given: readonly string[],
  options: HashOptions,
): Promise<number> {
  const paths = [
    ...given,
    ...(options.list === undefined ? [] : listedPaths(textOf(await readNamedFile(options.list)))),
  ]
  const [first] = paths
  if (first === undefined) {
    throw new VouchError('USAGE', {
      rule: 'store paths must be given, or a file that lists them',
      hint: 'for example tee-agent hash $(nix-store -qR PATH) --program PATH/bin/NAME',
    })
  }
  const store = options.store ?? dirname(first)
  const closure = await hashClosure(store, paths, options.mentions ?? [])
  const drvs = []
  for (const path of options.program ?? []) {
    const { name, program } = await programIn(store, path, closure)
    drvs.push({ program: path, drv: toHex(closure.drvOf(name, program)) })
  }
  const trees = closure.entries.map(({ name, treeHash }) => ({ name, tree_hash: toHex(treeHash) }))
  if (options.json) out.data(JSON.stringify({ closure: toHex(closure.hash), paths: trees, programs: drvs }))
  else {
    for (const { name, tree_hash } of trees) out.data(`tree     ${tree_hash}  ${name}`)
    out.data(`closure  ${toHex(closure.hash)}`)
    for (const { program, drv } of drvs) out.data(`drv      ${drv}  ${program}`)
  }
  return 0
}

import { clock, drained, numberArgument, type Terminal } from '@vouch/host/node'
import { readRegistry } from '@vouch/registry/node'

export interface AuditOptions {
  readonly days?: string
  readonly refusals?: true
}

const DAY = 86_400

/** `registrar audit`: the registrar's decisions, or the refusals of strangers, a line of JSON each. A server may be running. */
export async function auditCommand(
  out: Terminal,
  folder: string,
  { days, refusals }: AuditOptions,
): Promise<number> {
  const since =
    days === undefined ? 0 : clock() - DAY * numberArgument(days, '--days', { min: 1, max: 36_500 })
  await readRegistry(folder, { now: clock }, async (registry) => {
    for await (const { line } of registry.notes(refusals ? 'refusal' : 'decision', since)) {
      out.data(line)
      await drained()
    }
  })
  return 0
}

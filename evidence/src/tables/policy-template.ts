import { VouchError } from '@vouch/protocol'
import type { nvidia } from '../vendors/nvidia/index.js'
import { gpusTemplate } from '../vendors/nvidia/template.js'
import { USUAL_TTL } from './policy.js'
import { TABLES, type Tables } from './tables.js'
import type { KindName } from './vendors.js'

/** Kinds that a policy can admit: devices alone bind no services. */
export type MachineKind = Exclude<KindName, keyof typeof nvidia.kinds>

export const MACHINE_KINDS = [...TABLES.kinds].flatMap(([name, { template }]) =>
  template === undefined ? [] : [name],
) as readonly MachineKind[]

/** An admission policy to be filled in. It does not load before somebody has: nobody's measurement is a default. */
export const policyTemplate = (kind: MachineKind): string => policyTemplateOf(TABLES, kind)

/** The same of a kind in these tables. */
export function policyTemplateOf({ kinds }: Tables, kind: string): string {
  const { simulated = false, template } = kinds.get(kind) ?? {}
  if (template === undefined)
    throw new VouchError('INTERNAL', { rule: 'a template must be of a kind of machines', given: kind })
  return `# An admission policy: what hardware evidence is good enough for a place in the registry.
# Its id is a hash of what it says: comments, order of lists and spacing play no part. "bob policy id" prints it.
version: 1
name: <what people call this policy>

evidence:
${simulated ? '  # Simulated evidence is worth nothing. It stands alone in a policy, and the id shows it.\n' : ''}  ${kind}:
${template(kind)}
# Images that the agent may run from, 32 bytes each (os_image_hash).
os_images:
  - <os image hash>

# Most live places of one machine; the word none for no limit.
quota: 1
# How long a place is good for, in seconds: one hour to seven days.
ttl: ${USUAL_TTL}
${gpusTemplate(simulated)}

collateral:
  # required: the revocation lists that the vendor publishes must come along, or lie with the registrar. when_given: they are
  # checked when they do, and a machine whose key leaked leaves them out.
  revocation: required
  # How old lists may be, and how long a place may outlive their next update, in seconds.
  max_age: 604800
  grace: 86400
`
}

import { toHex } from '@vouch/protocol'
import { NVIDIA_ANCHORS } from './anchors.js'

/** What a policy pins of devices beside a machine, as YAML to be filled in: commented out, as most machines have none. */
export function gpusTemplate(simulated: boolean): string {
  const kind = simulated ? 'simulated-nvidia' : 'nvidia-gpu'
  const roots = NVIDIA_ANCHORS.filter((anchor) => anchor.kind === kind)
  return `# GPUs and switches: without this part, a machine that shows any is refused.
# gpus:
#   required: false
#   roots:
${roots.map(({ name, spki }) => `#     - ${toHex(spki)} # ${name}`).join('\n')}
#   drivers: [] # versions; an empty list for any, here and below
#   vbios: []
#   fwids: []`
}

import type { Checks } from '@vouch/protocol'
import { anchorAmong } from '../../core/anchors.js'
import type { AppraisalFailure } from '../../core/checks.js'
import { unsound } from '../../core/policy/frame.js'
import type { Vendor } from '../vendor.js'
import { NVIDIA_ANCHORS } from './anchors.js'
import { appraiseDevices } from './appraise.js'
import { authenticateNvidia, deviceSlots, parseNvidia } from './authenticate.js'
import { explainSpdm } from './explain.js'
import { type GpuPins, gpuPins } from './pins.js'
import { publishedForNvidia } from './published.js'
import { looksLikeSpdm, parseSpdm } from './spdm.js'
import type { NvidiaClaims, NvidiaEvidence } from './types.js'

/** Devices bind no services: a policy pins them beside a machine, as `gpus`, and admits none alone. */
const KIND = {
  pins: gpuPins,
  assertSound: (kind: string): never => {
    throw unsound('devices bind no services: a policy pins them as gpus, beside the kinds of machines', kind)
  },
  warnings: () => [],
  appraise: (checks: Checks<AppraisalFailure>, { devices }: NvidiaClaims, pins: GpuPins) =>
    appraiseDevices(checks, devices, pins),
  inspect: (checks: Checks<AppraisalFailure>) => checks.leave('driver, VBIOS, firmware: no policy was given'),
} as const

type Devices = { readonly pins: GpuPins; readonly claims: NvidiaClaims }

/** NVIDIA: GPUs and switches, alone or beside any machine. */
export const nvidia: Vendor<
  NvidiaEvidence,
  { readonly 'nvidia-gpu': Devices; readonly 'simulated-nvidia': Devices },
  never
> = {
  anchors: NVIDIA_ANCHORS,
  parts: {
    'spdm-message': {
      looksLike: looksLikeSpdm,
      explain: ['NVIDIA: GET_MEASUREMENTS and MEASUREMENTS (SPDM)', explainSpdm],
      size: (bytes) => parseSpdm(bytes).bytes.length,
    },
  },
  format: {
    name: 'nvidia',
    main: 'spdm-message',
    beside: [],
    parse: parseNvidia,
    authenticate: authenticateNvidia,
    slots: ({ messages }) => deviceSlots(messages),
    purported: ({ certificates }) =>
      anchorAmong(
        NVIDIA_ANCHORS,
        certificates.map(({ spki }) => spki),
      )?.kind ?? 'nvidia-gpu',
    published: (evidence) => [publishedForNvidia(evidence)],
  },
  kinds: {
    'nvidia-gpu': { number: 9, simulated: false, title: 'NVIDIA GPUs and switches', ...KIND },
    'simulated-nvidia': {
      number: 10,
      simulated: true,
      title: 'NVIDIA format under a simulated root: worth nothing',
      ...KIND,
    },
  },
}

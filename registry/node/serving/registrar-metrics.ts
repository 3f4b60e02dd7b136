import { CODE_LABEL, type Meter, type Metric } from '@vouch/host/http'
import { gravest } from '@vouch/protocol'
import { ADMISSION_STEPS, type OnAdmissionStep } from '../../src/admission.js'
import type { Registry } from '../../src/store.js'
import type { Admitter } from '../http/admitting.js'

/** What a registrar and a trust node count, beside what every server does. */
export const REGISTRAR_METRICS = {
  admissions: { name: 'vouch_admissions_total', help: 'Credentials that were admitted' },
  enrollmentRefusals: {
    name: 'vouch_enrollment_refusals_total',
    help: 'Enrollments that were judged and refused, by the gravest code',
    labels: CODE_LABEL,
  },
  nonces: { name: 'vouch_nonces_total', help: 'Nonces that were given' },
  step: {
    name: 'vouch_admission_step_seconds',
    help: 'Seconds that a step of an admission takes, refused or not',
    labels: { step: ADMISSION_STEPS },
  },
  headTime: {
    name: 'vouch_head_timestamp_seconds',
    help: 'When the newest head was cut, in seconds since 1970',
  },
  headSequence: { name: 'vouch_head_sequence', help: 'Number of the newest head' },
  headFailures: { name: 'vouch_head_failures_total', help: 'Heads that were due and could not be cut' },
  leaves: { name: 'vouch_leaves', help: 'Places that were ever used, emptied ones too' },
} as const satisfies Readonly<Record<string, Metric<string>>>

/** Times the steps of admissions. */
export function stepTimer(meter: Meter | undefined): OnAdmissionStep | undefined {
  const time = meter?.histogram(REGISTRAR_METRICS.step)
  return time && ((step, seconds) => time({ step }, seconds))
}

/** Shows how old the newest head is, and what it counts. */
export function meterRegistry(meter: Meter, registry: Pick<Registry, 'head'>): void {
  meter.gauge(REGISTRAR_METRICS.headTime, async () => (await registry.head()).time)
  meter.gauge(REGISTRAR_METRICS.headSequence, async () => (await registry.head()).seq)
  meter.gauge(REGISTRAR_METRICS.leaves, async () => (await registry.head()).size)
}

/** The same service, with what it gives, admits and refuses counted. No count names a credential or a client. */
export function metered<Service extends Admitter>(service: Service, meter: Meter): Service {
  const countNonce = meter.counter(REGISTRAR_METRICS.nonces)
  const countAdmission = meter.counter(REGISTRAR_METRICS.admissions)
  const countRefusal = meter.counter(REGISTRAR_METRICS.enrollmentRefusals)
  const counted: Pick<Admitter, 'nonce' | 'admit'> = {
    nonce: async (credential) => {
      const ticket = await service.nonce(credential)
      countNonce({})
      return ticket
    },
    admit: async (file, from) => {
      const admission = await service.admit(file, from)
      if (admission.admitted) countAdmission({})
      else countRefusal({ code: gravest(admission.failures)?.code ?? 'INTERNAL' })
      return admission
    },
  }
  return { ...service, ...counted } // routes wait for a nonce, whether it comes at once or not
}

import { type AdmissionPolicy, ANCHORS, parseAdmissionPolicy } from '@vouch/evidence'
import { toHex } from '@vouch/protocol'

const LOWEST = { bootloader: 1, tee: 0, snp: 4, microcode: 81 }

/** The JSON of a policy for AMD's machines of every generation. */
export const genuineJson = (measurements: readonly string[]) => ({
  version: 1,
  name: 'genuine machines',
  evidence: {
    'sev-snp': {
      roots: ANCHORS.filter(({ kind }) => kind === 'sev-snp').map(({ spki }) => toHex(spki)),
      endorsements: ['vcek'],
      boot: 'kernel_hashes',
      measurements,
      vmpl: [0],
      guest_policy: { debug: false, migration: false, smt: true },
      tcb: { milan: LOWEST, genoa: LOWEST, turin: { fmc: 1, ...LOWEST } },
    },
  },
  os_images: ['05'.repeat(32)],
  quota: 1,
  ttl: 172_800,
  collateral: { revocation: 'when_given', max_age: 604_800, grace: 86_400 },
})

export const genuinePolicy = (measurements: readonly string[]): AdmissionPolicy =>
  parseAdmissionPolicy(JSON.stringify(genuineJson(measurements)))

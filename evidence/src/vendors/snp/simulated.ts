import { concat } from '@vouch/protocol'
import { ia5, integer } from '../../core/der/write.js'
import type { EvidenceFile } from '../../core/file.js'
import {
  commonNamed,
  extension,
  certificate as issued,
  type SimulatedRevocation,
  simulatedRevocationList,
} from '../../x509/issue/certificates.js'
import {
  ECDSA_SHA384,
  type Issuer,
  issuerOf,
  PSS_SHA384,
  rawSignature,
  signingKey,
} from '../../x509/issue/schemes.js'
import { EXTENSION } from './endorsement.js'
import { encodeTcb } from './generation.js'
import { POLICY_BIT, SIGNED_BYTES } from './layout.js'
import { encodeReport } from './report.js'
import type { EndorsementKey, SnpReport, Tcb } from './types.js'

/** The simulated vendor's certificates and keys in DER: `fixtures/simulated-vendor`. They are public, all of them. */
export interface SimulatedKeys {
  readonly root: Uint8Array
  readonly rootKey: Uint8Array
  readonly intermediate: Uint8Array
  readonly intermediateKey: Uint8Array
  /** The key of every simulated chip, and its SubjectPublicKeyInfo. */
  readonly chipKey: Uint8Array
  readonly chipSpki: Uint8Array
}

/** What the certificate of a simulated chip's key says. */
export interface EndorsementCertificate {
  readonly type: EndorsementKey
  readonly product: string
  readonly tcb: Tcb
  readonly hwId: Uint8Array
  readonly notBefore: number
  readonly notAfter: number
}

/** A machine that does not exist. */
export interface SimulatedMachine {
  /** 64 bytes. */
  readonly chipId: Uint8Array
  readonly tcb?: Tcb
  /** What its certificate says otherwise than the machine: for tests of what must then be refused. */
  readonly certificate?: Partial<EndorsementCertificate>
}

/** What a simulated report says; the rest is as an ordinary guest has it. */
export interface SimulatedReport {
  readonly reportData: Uint8Array
  readonly measurement: Uint8Array
  readonly debug?: boolean
  readonly migration?: boolean
  readonly smt?: boolean
  readonly vmpl?: number
  /** Any field of the report otherwise than all this makes it. */
  readonly fields?: Partial<SnpReport>
}

/** Makes evidence in SNP's format that is worth nothing. */
export interface SimulatedVendor {
  /** Report, certificate of the chip's key, intermediate and root. */
  attest(machine: SimulatedMachine, report: SimulatedReport): Promise<readonly EvidenceFile[]>
  /** A revocation list that the root or the intermediate signs. */
  revoke(issuer: 'root' | 'intermediate', content: SimulatedRevocation): Promise<EvidenceFile>
}

export const SIMULATED_TCB: Tcb = { bootloader: 4, tee: 0, snp: 24, microcode: 220 }

/** 2025-01-01 to 2049-12-31: the simulated chips' certificates outlive the tests. */
const NOT_BEFORE = 1_735_689_600
const NOT_AFTER = 2_524_607_999

export function simulatedVendor(keys: SimulatedKeys): SimulatedVendor {
  const issuer = (name: 'root' | 'intermediate') => issuerOf(keys[name], keys[`${name}Key`], PSS_SHA384)
  return {
    async attest({ chipId, tcb = SIMULATED_TCB, certificate }, report) {
      const content = {
        type: 'vcek',
        product: 'Simulated',
        tcb,
        hwId: chipId,
        notBefore: NOT_BEFORE,
        notAfter: NOT_AFTER,
        ...certificate,
      } as const
      const vcek = await endorsementCertificate(content, await issuer('intermediate'), keys.chipSpki)
      const unsigned = reportOf(report, { chipId, tcb })
      const key = await signingKey(keys.chipKey, ECDSA_SHA384.key)
      return [
        { name: 'report.bin', bytes: await signedReport(unsigned, key) },
        { name: `${content.type}.der`, bytes: vcek },
        { name: 'intermediate.der', bytes: keys.intermediate },
        { name: 'root.der', bytes: keys.root },
      ]
    },
    async revoke(name, content) {
      return { name: `${name}.crl`, bytes: await simulatedRevocationList(content, await issuer(name)) }
    },
  }
}

function reportOf(
  { reportData, measurement, debug, migration, smt = true, vmpl = 0, fields }: SimulatedReport,
  { chipId, tcb }: { readonly chipId: Uint8Array; readonly tcb: Tcb },
): SnpReport {
  const policyBits: readonly (readonly [boolean | undefined, bigint])[] = [
    [true, POLICY_BIT.RESERVED_ONE],
    [smt, POLICY_BIT.SMT],
    [migration, POLICY_BIT.MIGRATE_MA],
    [debug, POLICY_BIT.DEBUG],
  ]
  const levels = encodeTcb(tcb, 'simulated')
  const firmware = [1, 55, 1] as const
  return {
    version: 5,
    guestSvn: 0,
    policy: policyBits.reduce((policy, [isSet, bit]) => (isSet ? policy | (1n << bit) : policy), 0n),
    familyId: new Uint8Array(16),
    imageId: new Uint8Array(16),
    vmpl,
    currentTcb: levels,
    platformInfo: 0n,
    keyInfo: 0,
    reportData,
    measurement,
    hostData: new Uint8Array(32),
    idKeyDigest: new Uint8Array(48),
    authorKeyDigest: new Uint8Array(48),
    reportId: new Uint8Array(32),
    reportIdMa: new Uint8Array(32).fill(0xff),
    reportedTcb: levels,
    cpuid: [0, 0, 0],
    chipId,
    committedTcb: levels,
    currentFirmware: firmware,
    committedFirmware: firmware,
    launchTcb: levels,
    launchMitigations: 0n,
    currentMitigations: 0n,
    signature: { r: new Uint8Array(72), s: new Uint8Array(72) },
    ...fields,
  }
}

async function signedReport(report: SnpReport, key: CryptoKey): Promise<Uint8Array> {
  const raw = await rawSignature(key, 'SHA-384', encodeReport(report).subarray(0, SIGNED_BYTES))
  const [r, s] = [raw.slice(0, 48), raw.slice(48)].map((half) => concat(half.reverse(), new Uint8Array(24)))
  return encodeReport({ ...report, signature: { r: r ?? raw, s: s ?? raw } })
}

/** Issues the certificate of a VCEK or a VLEK, with AMD's extensions. */
export function endorsementCertificate(
  { type, product, tcb, hwId, notBefore, notAfter }: EndorsementCertificate,
  issuer: Issuer,
  spki: Uint8Array,
): Promise<Uint8Array> {
  const extensions = [
    extension(EXTENSION.structVersion, integer(0)),
    extension(EXTENSION.productName, ia5(product)),
    extension(EXTENSION.blSPL, integer(tcb.bootloader)),
    extension(EXTENSION.teeSPL, integer(tcb.tee)),
    extension(EXTENSION.snpSPL, integer(tcb.snp)),
    extension(EXTENSION.ucodeSPL, integer(tcb.microcode)),
    type === 'vcek' ? extension(EXTENSION.hwID, hwId) : extension(EXTENSION.cspID, ia5('CN=simulated')),
  ]
  const subject = commonNamed(`SIMULATED-${type.toUpperCase()}`)
  return issued({ serial: Uint8Array.of(1), subject, notBefore, notAfter, spki, extensions }, issuer)
}

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type AdmissionPolicy,
  admissionPolicyId,
  type EvidenceFile,
  parseAdmissionPolicy,
} from '@vouch/evidence'
import { assertLength, fromHex, shown, toHex, VouchError } from '@vouch/protocol'
import { readNamedFile, writeWhole } from '@vouch/protocol/node'

/** Where a registrar keeps what is its own, beside the registry's log. All of it is private but the policies. */
export interface RegistrarFolder {
  readonly folder: string
  readonly policies: string
  readonly nonceKey: string
  readonly signerKey: string
  readonly auditLog: string
  /** Revocation lists that count for every machine they concern. */
  readonly collateral: string
  /** Identities of machines that were removed, one to a line. */
  readonly refusedMachines: string
}

export function registrarFolder(folder: string): RegistrarFolder {
  return {
    folder,
    policies: join(folder, 'policies'),
    nonceKey: join(folder, 'nonce.key'),
    signerKey: join(folder, 'signer.key'),
    auditLog: join(folder, 'audit.log'),
    collateral: join(folder, 'collateral'),
    refusedMachines: join(folder, 'refused-machines'),
  }
}

/** The policies in force: every file of the folder. One that does not load keeps the registrar from starting. */
export async function readPolicies({
  policies,
}: RegistrarFolder): Promise<ReadonlyMap<bigint, AdmissionPolicy>> {
  const names = (await readdir(policies).catch(() => [])).filter((name) => name.endsWith('.json')).sort()
  const read = await Promise.all(
    names.map(async (name) => {
      const policy = parseAdmissionPolicy(await readNamedFile(join(policies, name)))
      return [admissionPolicyId(policy), policy] as const
    }),
  )
  if (read.length > 0) return new Map(read)
  throw new VouchError('FILE_NOT_FOUND', {
    rule: 'a registrar must have an admission policy',
    given: policies,
    hint: 'registrar init makes the folder; put canonical JSON there',
  })
}

/** The lists that the operator keeps, as they are now: they are renewed while the registrar runs. */
export async function readCollateral({ collateral }: RegistrarFolder): Promise<readonly EvidenceFile[]> {
  const names = (await readdir(collateral).catch(() => [])).sort()
  return Promise.all(
    names.map(async (name) => ({ name, bytes: await readNamedFile(join(collateral, name)) })),
  )
}

/** Identities of the machines that are refused. Without the file, or with a line that cannot be read, nobody starts: a ban must not be lost. */
export async function readRefusedMachines({
  refusedMachines,
}: RegistrarFolder): Promise<ReadonlySet<string>> {
  const text = await readFile(refusedMachines, 'utf8').catch((cause: unknown) => {
    throw new VouchError(
      'FILE_NOT_FOUND',
      {
        rule: 'the list of refused machines must be there, if only empty',
        given: shown(refusedMachines),
        hint: 'restore it from a copy; an empty one lets every removed machine come back',
      },
      { cause },
    )
  })
  const lines = text.split('\n').filter((line) => line !== '')
  return new Set(lines.map((line) => toHex(assertLength(fromHex(line, 'machine'), 32, 'machine'))))
}

/** Makes the list of refused machines, without one on it. */
export function refuseNobody(paths: RegistrarFolder): Promise<void> {
  return writeWhole(paths.refusedMachines, '', 0o600)
}

/** Adds a machine to those that are refused. */
export async function refuseMachine(paths: RegistrarFolder, machine: Uint8Array): Promise<void> {
  const refused = new Set(await readRefusedMachines(paths)).add(toHex(machine))
  await writeWhole(paths.refusedMachines, `${[...refused].join('\n')}\n`, 0o600)
}

import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type AdmissionPolicy,
  admissionPolicyId,
  type EvidenceFile,
  parseAdmissionPolicy,
} from '@vouch/evidence'
import { parseNamedFile, readAll, readNamedFile } from '@vouch/host/node'
import { VouchError } from '@vouch/protocol'

/** Where a registrar keeps what is its own, beside the registry's log. All of it is private but the policies. */
export interface RegistrarFolder {
  readonly folder: string
  readonly policies: string
  readonly nonceKey: string
  readonly signerKey: string
  /** Revocation lists that count for every machine they concern. */
  readonly collateral: string
}

export function registrarFolder(folder: string): RegistrarFolder {
  return {
    folder,
    policies: join(folder, 'policies'),
    nonceKey: join(folder, 'nonce.key'),
    signerKey: join(folder, 'signer.key'),
    collateral: join(folder, 'collateral'),
  }
}

/** The policies in force: every file of the folder. One that does not load keeps the registrar from starting. */
export async function readPolicies({
  policies,
}: RegistrarFolder): Promise<ReadonlyMap<bigint, AdmissionPolicy>> {
  const read = await readAll(
    (await policyNames(policies)).map((name) => parseNamedFile(join(policies, name), parseAdmissionPolicy)),
  )
  if (read.length > 0) return new Map(read.map((policy) => [admissionPolicyId(policy), policy]))
  throw new VouchError('FILE_NOT_FOUND', {
    rule: 'a registrar must have an admission policy',
    given: policies,
    hint: 'registrar init makes the folder; put canonical JSON there',
  })
}

/** The files of policies in force; none where the folder is not there. */
async function policyNames(policies: string): Promise<readonly string[]> {
  return (await readdir(policies).catch(() => [])).filter((name) => name.endsWith('.json')).sort()
}

/**
 * The lists that the operator keeps, as they are now: they are renewed while the registrar runs. One that cannot be read keeps
 * everybody out, rather than letting in whom it names; strangers are told no more than that.
 */
export async function readCollateral({ collateral }: RegistrarFolder): Promise<readonly EvidenceFile[]> {
  try {
    const names = (await readdir(collateral).catch(noneIfMissing)).sort()
    return await Promise.all(
      names.map(async (name) => ({ name, bytes: await readNamedFile(join(collateral, name)) })),
    )
  } catch (cause) {
    throw new VouchError(
      'STORAGE_FAILED',
      {
        rule: 'all that the registrar keeps in collateral/ must be files that it can read',
        hint: 'try again in a while',
      },
      { cause },
    )
  }
}

function noneIfMissing(error: unknown): string[] {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
  throw error
}

import { printPcrs } from '@vouch/evidence'
import { readNamedFile } from '@vouch/host/node'
import { equalBytes, shortReportData, toHex, VouchError } from '@vouch/protocol'
import type { Provider } from '../../src/index.js'
import type { TpmSettings } from '../../src/providers/settings.js'
import { Tpm2Tools } from './tpm2-tools.js'

/** Somebody may extend a PCR between the quote and the reading of values. */
const ATTEMPTS = 3
const BANK_BYTES = { sha256: 32, sha384: 48 } as const
/** Persistent objects (TPM 2.0, part 2, section 7.4). */
const PERSISTENT = 0x81
/** As large as a file of evidence may be. */
const MAX_LOG_BYTES = 65_536

/**
 * Evidence by a TPM 2.0: a quote by its attestation key, the public area of the key, PCR values and the log that led to them.
 * The key lives at a persistent handle and outlives the agent and the boot, so that policies can name it and quotas count it.
 */
export async function openTpm(settings: TpmSettings, resolve: (path: string) => string): Promise<Provider> {
  const handle = `0x${toHex(settings.handle)}`
  if (settings.handle[0] !== PERSISTENT) {
    throw new VouchError('CONFIGURATION_UNSOUND', {
      rule: 'the handle of an attestation key must be a persistent one, from 81000000',
      given: handle,
    })
  }
  await Tpm2Tools.use(settings.tcti, async (tools) => {
    if (!(await isTaken(tools, handle))) await makeKey(tools, handle)
  })
  return {
    attest: (reportData) =>
      Tpm2Tools.use(settings.tcti, async (tools) => {
        await tools.run('tpm2_readpublic', '-c', handle, '-f', 'tpmt', '-o', 'key')
        return [
          ...(await quote(tools, settings, handle, shortReportData(reportData))),
          await tools.read('key'),
          ...(await Promise.all((settings.certificates ?? []).map((path) => readNamedFile(resolve(path))))),
          ...(settings.eventLog === undefined ? [] : [await readLog(resolve(settings.eventLog))]),
        ]
      }),
  }
}

async function isTaken(tools: Tpm2Tools, handle: string): Promise<boolean> {
  const listed = await tools.run('tpm2_getcap', 'handles-persistent')
  return listed.toLowerCase().includes(handle)
}

/** An attestation key under an endorsement key: restricted, so that it signs nothing but what the TPM says. */
async function makeKey(tools: Tpm2Tools, handle: string): Promise<void> {
  await tools.run('tpm2_createek', '-c', 'ek', '-G', 'rsa', '-u', 'ek.public')
  await tools.flush()
  const algorithms = ['-G', 'ecc', '-g', 'sha256', '-s', 'ecdsa']
  await tools.run('tpm2_createak', '-C', 'ek', '-c', 'ak', ...algorithms, '-u', 'ak.public', '-n', 'ak.name')
  await tools.flush()
  await tools.run('tpm2_evictcontrol', '-C', 'o', '-c', 'ak', handle)
  await tools.flush()
}

/** A quote, its signature, and the values that it is over. */
async function quote(
  tools: Tpm2Tools,
  { bank, pcrs }: TpmSettings,
  handle: string,
  qualifyingData: Uint8Array,
): Promise<readonly Uint8Array[]> {
  const selection = `${bank}:${pcrs.join(',')}`
  const asked = ['-l', selection, '-q', toHex(qualifyingData)]
  let before = await readPcrs(tools, bank, pcrs)
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    await tools.run('tpm2_quote', '-c', handle, ...asked, '-m', 'message', '-s', 'signature', '-f', 'tss')
    const after = await readPcrs(tools, bank, pcrs)
    if (equalBytes(before, after))
      return [await tools.read('message'), await tools.read('signature'), valuesFile(bank, pcrs, after)]
    before = after
  }
  throw new VouchError('PROVIDER_FAILED', { rule: `PCRs must hold still in one of ${ATTEMPTS} quotes` })
}

/** The values, one behind the other. */
async function readPcrs(
  tools: Tpm2Tools,
  bank: TpmSettings['bank'],
  pcrs: readonly number[],
): Promise<Uint8Array> {
  await tools.run('tpm2_pcrread', `${bank}:${pcrs.join(',')}`, '-o', 'values')
  const values = await tools.read('values')
  if (values.length === pcrs.length * BANK_BYTES[bank]) return values
  throw new VouchError('PROVIDER_UNAVAILABLE', { rule: `the TPM must have all the PCRs of a bank ${bank}` })
}

function valuesFile(bank: TpmSettings['bank'], pcrs: readonly number[], values: Uint8Array): Uint8Array {
  const size = BANK_BYTES[bank]
  const byIndex = new Map(pcrs.map((index, i) => [index, values.subarray(i * size, (i + 1) * size)]))
  return new TextEncoder().encode(printPcrs({ bank, values: byIndex }))
}

async function readLog(path: string): Promise<Uint8Array> {
  const log = await readNamedFile(path)
  if (log.length <= MAX_LOG_BYTES) return log
  throw new VouchError('PROVIDER_FAILED', {
    rule: `an event log must be at most ${MAX_LOG_BYTES} bytes to travel with evidence`,
    given: `${log.length}`,
  })
}

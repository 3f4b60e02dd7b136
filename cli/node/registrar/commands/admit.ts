import { refusal } from '@vouch/host/http'
import { readNamedFile, type Terminal } from '@vouch/host/node'
import { exitStatus, printReceipt, sentence } from '@vouch/protocol'
import { auditWarning, type ClockOptions, clockTrust, openRegistrar } from '@vouch/registry/node'

export interface AdmitOptions extends ClockOptions {
  readonly json?: true
}

/** `registrar admit`: judges one enrollment from a file, and admits it or says everything that speaks against it. */
export async function admitCommand(
  out: Terminal,
  folder: string,
  path: string,
  options: AdmitOptions,
): Promise<number> {
  const file = await readNamedFile(path)
  const registrar = await openRegistrar(folder, {
    clock: clockTrust(out, options),
    onAuditFailure: auditWarning(out),
  })
  try {
    const admission = await registrar.admit(file, 'command line')
    if (admission.admitted) {
      out.data(printReceipt(admission.receipt))
      out.words(`registrar: admitted as member ${admission.number}; published with the next head`)
      return 0
    }
    const { failures } = admission
    if (options.json) out.data(String(refusal(failures).body))
    for (const failure of failures) {
      out.words(`registrar: error: ${sentence(failure)} [${failure.code}]`)
      if (failure.wanted !== undefined)
        out.words(`registrar: hint: ${failure.field}: wanted ${failure.wanted}`)
      if (failure.hint !== undefined) out.words(`registrar: hint: ${failure.hint}`)
    }
    return exitStatus(failures)
  } finally {
    await registrar.close()
  }
}

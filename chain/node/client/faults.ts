import { type ErrorCode, shown, unanswered, VouchError, whyUnanswered } from '@vouch/protocol'
import { explainRevert, type RevertName, revertIn } from '../../src/reverts.js'

type Viem = typeof import('viem')

/** What went wrong between this program and a contract, told apart: the contract's own no, the chain's, the server's. */
export function faultOf(error: unknown, viem: Viem, url: string, doing: string): VouchError {
  if (error instanceof VouchError) return error
  const { BaseError } = viem
  if (!(error instanceof BaseError)) return serverFault(error, url, doing)
  const revert = revertIn(error)
  if (revert !== undefined) {
    const { code, ...explanation } = explainRevert(revert)
    const hint = HINTS[revert.name]
    return new VouchError(code, hint === undefined ? explanation : { ...explanation, hint }, { cause: error })
  }
  const reverted = error.walk((cause) => cause instanceof viem.ContractFunctionRevertedError)
  if (reverted instanceof viem.ContractFunctionRevertedError) return revertFault(reverted, doing)
  for (const [kind, code, rule, hint] of FAULTS) {
    const found = error.walk((cause) => cause instanceof viem[kind])
    if (found instanceof BaseError) {
      return new VouchError(
        code,
        { rule: `${doing}: ${rule}`, given: shown(found.shortMessage), hint },
        { cause: error },
      )
    }
  }
  // Servers have no codes for these: only words, much the same everywhere.
  if (/out of gas/i.test(error.message)) return outOfGas(doing, error)
  if (/insufficient funds/i.test(error.message)) return fundsMissing(doing, error)
  if (NUMBER_TAKEN.test(error.message)) return numberTaken(doing, error)
  return serverFault(error, url, doing, error.shortMessage)
}

const FAULTS: readonly (readonly [keyof Viem & `${string}Error`, ErrorCode, string, string])[] = [
  [
    'ContractFunctionZeroDataError',
    'CONTRACT_UNKNOWN',
    'a contract of this project must be at the address',
    'look at address and chain: the same address may be empty on another',
  ],
  [
    'IntrinsicGasTooLowError',
    'TRANSACTION_FAILED',
    'the transaction must have enough gas',
    'nothing was changed: run this again',
  ],
  ...(['WaitForTransactionReceiptTimeoutError', 'TransactionReceiptNotFoundError'] as const).map(
    (kind) =>
      [
        kind,
        'TRANSACTION_FAILED',
        'the transaction must come into a block in time, and have a receipt',
        'it may still come: look whether it has before you run this again',
      ] as const,
  ),
]

/** What to do about some of the contracts' own refusals. */
const HINTS: Readonly<Partial<Record<RevertName, string>>> = {
  DeadlinePassed: 'the signatures were collected too long ago: enroll again',
  MemberSuspended: 'leave its signature out: it counts for taking away and mending alone',
  NonceBlockInvalid: 'the block that the nonce was made of is too old: ask for a new nonce',
  PathWrong: 'an admission came in between: submit it again, the signatures stay good',
  Paused: 'a quorum of trust nodes has paused the registry, and alone can end that',
  QuestionTooOld: 'prove again',
  RootTooOld: 'the registry has moved on: sync, and prove again',
  RootUnknown:
    'the registry never had this root, or the chain took back the block that had it: sync, and prove again',
  RootWithdrawn: 'a member was removed: sync, and prove again',
  SequenceWrong: 'another decision came first, or this one has: registrar node propose makes it anew',
  SetVersionStale: 'the set of trust nodes has changed meanwhile: begin anew',
}

/** Not one of our contracts' errors: another contract answers, or it is of another version. */
function revertFault(
  reverted: InstanceType<Viem['ContractFunctionRevertedError']>,
  doing: string,
): VouchError {
  const { raw, reason } = reverted
  if (raw === undefined || raw === '0x') {
    return new VouchError(
      'TRANSACTION_FAILED',
      {
        rule: `${doing}: the contract must say why it reverts`,
        hint: 'it ran out of gas, or is none of ours: look at address and chain',
      },
      { cause: reverted },
    )
  }
  return new VouchError(
    'CONTRACT_UNKNOWN',
    {
      rule: `${doing}: the contract must refuse with an error that is known here`,
      given: shown(reason ?? raw),
      hint: 'look at address and chain; a newer release may know it',
    },
    { cause: reverted },
  )
}

export function outOfGas(doing: string, cause?: unknown): VouchError {
  return new VouchError(
    'TRANSACTION_FAILED',
    {
      rule: `${doing}: the transaction must not run out of gas`,
      hint: 'nothing was changed: run this again',
    },
    { cause },
  )
}

const NUMBER_TAKEN = /nonce (is )?too low|replacement transaction|underpriced to replace/i

/** Whether a transaction was refused since another one of its account has its number: then it never counts, and may be made anew. */
export const isNumberTaken = (error: unknown): boolean =>
  error instanceof VouchError && error.cause instanceof Error && NUMBER_TAKEN.test(error.cause.message)

function numberTaken(doing: string, cause: unknown): VouchError {
  return new VouchError(
    'TRANSACTION_FAILED',
    {
      rule: `${doing}: no other transaction of the account may have the number of this one`,
      hint: 'another program sends from the same account: give each its own, and run this again',
    },
    { cause },
  )
}

function fundsMissing(doing: string, cause: unknown): VouchError {
  return new VouchError(
    'FUNDS_MISSING',
    {
      rule: `${doing}: the account that sends must be able to pay for it`,
      hint: "send it some of the chain's coin, and run this again",
    },
    { cause },
  )
}

/** What libraries say of a request has its URL in it: of that, only their short messages are shown. */
const serverFault = (cause: unknown, url: string, doing: string, short?: string): VouchError =>
  unanswered({
    code: 'RPC_UNREACHABLE',
    doing,
    who: 'the RPC server',
    where: hostIn(url),
    why: whyUnanswered(cause, short),
    hint: 'what was done so far is kept: run this again, or name another server',
    cause,
  })

const hostIn = (url: string): string => (URL.canParse(url) ? new URL(url).host : 'no URL')

/** An RPC server's URL often has a key in its path or query: only the host is shown. */
export const hostOf = (url: string): string => shown(hostIn(url))

import { appraise, type EvidenceFile, inspect } from '@vouch/evidence'
import { describe, expect, test } from 'vitest'
import { attestAzureTdx, guest, guest15, quoteGuest, tdxPinsJson } from '../../testing/intel.js'
import { authenticated, NOW, policyFor, policyOf } from '../../testing/simulated.js'

// What fails nothing where there is no policy, and a person should know of a guest before they rely on it.

/** TDATTRIBUTES with SEPT_VE_DISABLE alone, bit 28, and with nothing. */
const DISABLED = Uint8Array.from([0, 0, 0, 0x10, 0, 0, 0, 0])
const NOT_DISABLED = new Uint8Array(8)

async function inspected(files: readonly EvidenceFile[]) {
  const { authentic, failures } = await authenticated(files)
  if (authentic === undefined) throw new Error(JSON.stringify(failures))
  return inspect(authentic, { nonce: null })
}
const codes = ({ failures }: { readonly failures: readonly { readonly code: string }[] }) =>
  failures.map(({ code }) => code)

describe('a guest of TDX', () => {
  test('is not warned of as it should be', async () => {
    expect(guest.tdAttributes).toEqual(DISABLED)
    expect((await inspected(await quoteGuest())).warnings).toEqual([])
    const files = await quoteGuest({ quote: { version: 5, report: guest15 } })
    expect((await inspected(files)).warnings).toEqual([])
  })

  test('without SEPT_VE_DISABLE is warned of, and no more', async () => {
    const given = await inspected(await quoteGuest({ guest: { tdAttributes: NOT_DISABLED } }))
    expect(given.warnings).toEqual([expect.stringMatching(/^SEPT_VE_DISABLE is not set: /)])
    expect(codes(given)).toEqual(['SIMULATED_NOT_ACCEPTED'])
  })

  test('with a service guest bound to it is warned of, by its MRSERVICETD', async () => {
    const current = { teeTcbSvn2: guest.teeTcbSvn, mrServiceTd: new Uint8Array(48).fill(0xd5) }
    const given = await inspected(
      await quoteGuest({ quote: { version: 5, report: { ...guest15, current } } }),
    )
    expect(given.warnings).toEqual([expect.stringMatching(/^MRSERVICETD is not 0: .*(d5){48}$/)])
    expect(codes(given)).toEqual(['SIMULATED_NOT_ACCEPTED'])
  })

  test('of Azure is warned of too', async () => {
    const given = await inspected(await attestAzureTdx({ guest: { tdAttributes: NOT_DISABLED } }))
    expect(given.warnings).toEqual([expect.stringMatching(/^SEPT_VE_DISABLE is not set: /)])
  })

  test('is judged by the policy where there is one: nothing is left to warn of', async () => {
    const files = await quoteGuest({ guest: { tdAttributes: NOT_DISABLED } })
    const { authentic } = await authenticated(files)
    if (authentic === undefined) throw new Error('it must be authentic')
    const judged = appraise(authentic, policyOf(policyFor('simulated-tdx', tdxPinsJson)), NOW, {
      nonce: null,
    })
    expect([judged.warnings, codes(judged)]).toEqual([[], ['GUEST_POLICY_NOT_ACCEPTED']])
  })
})

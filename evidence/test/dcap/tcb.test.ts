import type { EvidenceFile } from '@vouch/evidence'
import { describe, expect, test } from 'vitest'
import { quoteEnclave, quoteGuest } from '../../testing/intel.js'
import { levelsOf } from '../../testing/quotes.js'
import { authenticated } from '../../testing/simulated.js'

describe('the standing of a TCB', () => {
  const standing = async (files: readonly EvidenceFile[]) => {
    const { claims } = (await authenticated(files)).authentic ?? {}
    if (claims === undefined || !('platform' in claims)) throw new Error('it must be authentic')
    return claims.tcb
  }

  test.each([
    ['a component of SGX', { sgx: [3, 3, 2, 2, 4, 1, 0, 6] }, '(SGX SVN 8: 5 < 6)'],
    ['the provisioning enclave', { pce: 14 }, '(PCESVN 13 < 14)'],
    ['a component of TDX', { tdx: [0, 0, 4] }, '(TDX SVN 3: 3 < 4)'],
  ])('is not supported when %s is below every level', async (_, levels, lacks) => {
    const tcbInfo = { tcbLevels: levelsOf(levels) }
    const tcb = await standing(await quoteGuest({ collateral: { tcbInfo } }))
    expect(tcb).toMatchObject({ status: 'NotSupported', platform: { status: 'NotSupported', lacks } })
  })

  test('leaves SVN and version of a module to its own levels', async () => {
    const tcbInfo = { tcbLevels: levelsOf({ tdx: [9, 9, 3] }) }
    expect((await standing(await quoteGuest({ collateral: { tcbInfo } }))).status).toBe('UpToDate')
    // Before modules had a version, the platform's levels spoke of its SVN.
    const teeTcbSvn = Uint8Array.of(5, 0, 3, ...new Uint8Array(13))
    const old = await standing(await quoteGuest({ guest: { teeTcbSvn }, collateral: { tcbInfo } }))
    expect(old).toMatchObject({
      status: 'NotSupported',
      platform: { lacks: '(TDX SVN 1: 5 < 9, TDX SVN 2: 0 < 9)' },
    })
    expect(old.tdxModule).toBeUndefined()
  })

  test('says since when it is out of date, and what it lacks', async () => {
    const svns = [2, 2, 2, 2, 2, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0]
    const tcb = await standing(await quoteEnclave({ platform: { certificate: { svns } } }))
    expect(tcb).toEqual({
      status: 'OutOfDate',
      advisories: ['SIMULATED-SA-00001'],
      evaluationDataNumber: 20,
      platform: {
        status: 'OutOfDate',
        date: Date.parse('2024-03-13') / 1000,
        advisories: ['SIMULATED-SA-00001'],
        lacks: 'since 2025-08-13 (SGX SVN 1: 2 < 3, SGX SVN 2: 2 < 3, SGX SVN 5: 2 < 4, SGX SVN 8: 2 < 5)',
      },
      quotingEnclave: { status: 'UpToDate', date: Date.parse('2025-08-13') / 1000, advisories: [] },
    })
  })

  test('is as bad as the module', async () => {
    const teeTcbSvn = (svn: number, version: number) => Uint8Array.of(svn, version, 3, ...new Uint8Array(13))
    const old = await standing(await quoteGuest({ guest: { teeTcbSvn: teeTcbSvn(3, 1) } }))
    expect(old).toMatchObject({
      status: 'OutOfDate',
      platform: { status: 'UpToDate' },
      tdxModule: { status: 'OutOfDate', lacks: 'since 2025-08-13 (SVN 3 < 5)' },
    })
    const below = await standing(await quoteGuest({ guest: { teeTcbSvn: teeTcbSvn(2, 1) } }))
    expect(below).toMatchObject({ status: 'NotSupported', tdxModule: { lacks: '(SVN 2 < 3)' } })
    const unheardOf = await standing(await quoteGuest({ guest: { teeTcbSvn: teeTcbSvn(5, 0x1a) } }))
    expect(unheardOf).toMatchObject({
      status: 'NotSupported',
      tdxModule: { lacks: '(no TDX_1A in the TCB info)' },
    })
  })

  test('is as bad as the quoting enclave', async () => {
    const level = (isvsvn: number, tcbStatus: string) => ({
      tcb: { isvsvn },
      tcbDate: '2025-01-01T00:00:00Z',
      tcbStatus,
    })
    const of = async (tcbLevels: unknown) =>
      (await standing(await quoteGuest({ collateral: { identity: { tcbLevels } } }))).status
    expect(await of([level(8, 'UpToDate')])).toBe('UpToDate')
    expect(await of([level(9, 'UpToDate'), level(8, 'OutOfDate')])).toBe('OutOfDate')
    expect(await of([level(8, 'Revoked')])).toBe('Revoked')
    expect(await of([level(9, 'UpToDate')])).toBe('NotSupported')
  })
})

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { EXIT_OF } from '@vouch/protocol'
import { type Abi, BaseError, encodeErrorResult, type Hex } from 'viem'
import { describe, expect, it, test } from 'vitest'
import { CONTRACTS } from '../build/forge.js'
import * as node from '../node/index.js'
import * as contracts from '../src/index.js'
import { contractErrorsAbi, decodeRevert, explainRevert, revertIn } from '../src/index.js'

test('public names', () => {
  expect(Object.keys(contracts).sort()).toEqual([
    'CHANGE_KINDS',
    'NO_SIGNER',
    'ROUTE_ACTIONS',
    'acceptanceOf',
    'compactSignature',
    'contractErrorsAbi',
    'contractPolicyOf',
    'credentialRegistryAbi',
    'decodeRevert',
    'explainRevert',
    'gatewayDomain',
    'inOrder',
    'messageTypes',
    'questionOf',
    'registryDomain',
    'requestOf',
    'revertIn',
    'vouchVerifierAbi',
    'vouchedBoardAbi',
  ])
  expect(Object.keys(node).sort()).toEqual(['readCreationCode'])
})

const errors = contractErrorsAbi.map(({ name }) => name)

/** Any value of a type. */
const anything = ({ type }: { type: string }): unknown =>
  type === 'address' ? `0x${'11'.repeat(20)}` : type === 'bytes32' ? `0x${'22'.repeat(32)}` : 3n

describe('every error of the contracts', () => {
  const tests = readdirSync(join(CONTRACTS, 'test'))
    .filter((file) => /\.t\.sol$|\.test\.ts$/.test(file) && file !== 'api.test.ts')
    .map((file) => readFileSync(join(CONTRACTS, 'test', file), 'utf8'))
    .join('\n')

  it.each(errors)('%s has a test that meets it', (name) => {
    expect(tests).toMatch(new RegExp(`\\.${name}\\.selector|'${name}'`))
  })

  it.each(contractErrorsAbi)('$name is decoded and explained', ({ name, inputs }) => {
    const args = inputs.map(anything)
    const abi: Abi = contractErrorsAbi
    const revert = decodeRevert(encodeErrorResult({ abi, errorName: name, args }))
    expect(revert?.name).toBe(name)
    if (revert === undefined) return
    expect(revert.args).toHaveLength(inputs.length)
    const { code, rule, given } = explainRevert(revert)
    expect(EXIT_OF[code]).toBeGreaterThan(1)
    expect(rule.length).toBeGreaterThan(10)
    expect(given).toContain(name)
  })
})

describe('integrator responsibilities', () => {
  const [, list = ''] = readFileSync(join(CONTRACTS, 'src', 'IVouchVerifier.sol'), 'utf8').split(
    'INTEGRATOR RESPONSIBILITIES',
  )
  const numbers = [...list.matchAll(/^\/\/\/ (\d+)\. /gm)].map(([, number]) => Number(number))
  const tests = ['gateway', 'board']
    .map((file) => readFileSync(join(CONTRACTS, 'test', `${file}.test.ts`), 'utf8'))
    .join('\n')

  it('are numbered', () => {
    expect(numbers).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  })

  it.each(numbers)('%i has a test that pins it', (number) => {
    expect(tests).toMatch(new RegExp(`it\\('(integrator responsibilities, )?${number}\\. `))
  })
})

describe('a revert', () => {
  it('of another contract, or none at all, is not taken for one of these', () => {
    for (const data of ['0x', '0x08c379a0', '0xdeadbeef', '0xdeadbeef00'] satisfies Hex[])
      expect(decodeRevert(data)).toBeUndefined()
    expect(revertIn(new Error('the node is gone'))).toBeUndefined()
    expect(revertIn(new BaseError('out of gas'))).toBeUndefined()
  })

  it('is found where nodes put it', () => {
    const data = encodeErrorResult({ abi: contractErrorsAbi, errorName: 'Paused' })
    const asIs = Object.assign(new Error('reverted'), { data })
    const nested = Object.assign(new Error('reverted'), { data: { data } })
    for (const cause of [asIs, nested]) {
      const thrown = new BaseError('call failed', { cause: cause as never })
      expect(revertIn(thrown)).toEqual({ name: 'Paused', args: [] })
    }
  })

  it('for want of gas is no word on the proof', () => {
    expect(explainRevert({ name: 'GasTooLow', args: [1n, 2n] })).toMatchObject({ code: 'TRANSACTION_FAILED' })
  })

  it('that has no meaning off chain is CHAIN_REFUSED', () => {
    expect(explainRevert({ name: 'Paused', args: [] })).toMatchObject({ code: 'CHAIN_REFUSED' })
  })
})

test('creation code comes with the package, or is asked for in words', async () => {
  expect(await node.readCreationCode('HonkVerifier')).toMatch(/^0x[0-9a-f]{30000,}$/)
  await expect(node.readCreationCode('Nothing' as never)).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' })
})

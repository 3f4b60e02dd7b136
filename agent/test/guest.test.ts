import { serviceRoot, toHex, VouchError } from '@vouch/protocol'
import { refusalOf } from '@vouch/protocol/testing/refusal'
import { describe, expect, test } from 'vitest'
import { guestView, type Provider, Roll } from '../src/index.js'
import { BoundedTurns } from '../src/turns.js'
import { keyOf } from '../testing/agents.js'

const OFF_CURVE = { x: new Uint8Array(32).fill(1), y: new Uint8Array(32).fill(2) }
const ZERO = { x: new Uint8Array(32), y: new Uint8Array(32) }
const OVERFLOW = { x: new Uint8Array(32).fill(0xff), y: new Uint8Array(32).fill(0xff) }

describe('the roll of announced keys', () => {
  test('takes the first key of each service, and the same one again', () => {
    const roll = new Roll(['a', 'b'], [])
    expect(roll.announce('a', keyOf(1))).toBe('first')
    expect(roll.announce('a', keyOf(1))).toBe('again')
    expect(roll.awaited).toEqual(['b'])
  })

  test('lets no second key take the place of the first', () => {
    const roll = new Roll(['a'], [{ name: 'a', publicKey: keyOf(1) }])
    expect(refusalOf(() => roll.announce('a', keyOf(2))).code).toBe('KEY_CONFLICT')
    expect(roll.keyOf('a')).toEqual(keyOf(1))
  })

  test('lets no service announce the key of another', () => {
    const roll = new Roll(['a', 'b'], [])
    roll.announce('a', keyOf(1))
    expect(refusalOf(() => roll.announce('b', keyOf(1))).code).toBe('KEY_CONFLICT')
    expect(roll.announce('b', keyOf(2))).toBe('first')
  })

  test.each([
    ['off the curve', OFF_CURVE],
    ['of zeros', ZERO],
    ['beyond the field', OVERFLOW],
  ])('refuses a point %s, and still waits', (_, key) => {
    const roll = new Roll(['a'], [])
    expect(refusalOf(() => roll.announce('a', key)).code).toBe('KEY_MALFORMED')
    expect(roll.awaited).toEqual(['a'])
  })

  test('forgets keys of services that are no more', () => {
    expect(new Roll(['a'], [{ name: 'gone', publicKey: keyOf(1) }]).announced).toEqual([])
  })
})

describe('a guest', () => {
  const service = (name: string, instance: number) => ({
    name,
    drv: new Uint8Array(32).fill(7),
    instance,
    profile: 'sha256' as const,
    endpoint: 'tcp://127.0.0.1:9000',
  })
  const guestWith = (roll: Roll, provider: Provider) =>
    guestView({
      providerName: 'simulated',
      provider,
      osImageHash: new Uint8Array(32),
      services: [service('b', 9), service('a', 3)],
      roll,
    })
  const nowhere: Provider = { attest: () => Promise.resolve([]) }

  test('attests and shows nothing until every service has announced its key', async () => {
    const roll = new Roll(['b', 'a'], [{ name: 'b', publicKey: keyOf(2) }])
    const guest = guestWith(roll, nowhere)
    expect(await guest.unready()).toMatchObject([{ code: 'SERVICES_AWAITED', given: 'a' }])
    expect(refusalOf(() => guest.info()).code).toBe('SERVICES_AWAITED')
    expect(refusalOf(() => guest.proof('b')).code).toBe('SERVICES_AWAITED')
    await expect(guest.attest(new Uint8Array(32))).rejects.toMatchObject({ code: 'SERVICES_AWAITED' })
    roll.announce('a', keyOf(1))
    expect(await guest.unready()).toEqual([])
    expect(guest.info().services.map(({ name }) => name)).toEqual(['a', 'b'])
  })

  test('proves its services, and knows no others', () => {
    const roll = new Roll(
      ['b', 'a'],
      [
        { name: 'a', publicKey: keyOf(1) },
        { name: 'b', publicKey: keyOf(2) },
      ],
    )
    const guest = guestWith(roll, nowhere)
    for (const name of ['a', 'b']) {
      const { service: proven, siblings } = guest.proof(name)
      expect(serviceRoot(proven, siblings)).toBe(guest.info().smtRoot)
    }
    expect(refusalOf(() => guest.proof('c')).code).toBe('LEAF_MISSING')
  })

  test('sends evidence in one order, each file once', async () => {
    const roll = new Roll(
      ['b', 'a'],
      [
        { name: 'a', publicKey: keyOf(1) },
        { name: 'b', publicKey: keyOf(2) },
      ],
    )
    const files = ['0303', '02', '0101', '02'].map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')))
    const guest = guestWith(roll, { attest: () => Promise.resolve(files) })
    const { evidence } = await guest.attest(new Uint8Array(32))
    expect(evidence.map(toHex)).toEqual(['02', '0101', '0303'])
  })
})

describe('questions to the hardware', () => {
  test('are put one at a time, in order, whether they are answered or not', async () => {
    const turns = new BoundedTurns({ most: 10, milliseconds: 60_000 })
    const log: string[] = []
    const work = (name: string, fails: boolean) => async () => {
      log.push(`${name} begins`)
      await new Promise((resolve) => setTimeout(resolve, 5))
      log.push(`${name} ends`)
      if (fails) throw new Error(name)
      return name
    }
    const answers = await Promise.allSettled([turns.take(work('a', true)), turns.take(work('b', false))])
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends'])
  })

  test('are refused when enough wait', async () => {
    const turns = new BoundedTurns({ most: 2, milliseconds: 60_000 })
    let release: (() => void) | undefined
    const slow = () =>
      new Promise<void>((resolve) => {
        release = resolve
      })
    const first = turns.take(slow)
    const second = turns.take(() => Promise.resolve('second'))
    const third = await turns.take(slow).catch((error: unknown) => error)
    expect(third instanceof VouchError && third.code).toBe('BUSY')
    release?.()
    await first
    expect(await second).toBe('second')
    expect(await turns.take(() => Promise.resolve('later'))).toBe('later')
  })

  test('that are never answered hold nobody up for ever, and nothing else is asked meanwhile', async () => {
    const turns = new BoundedTurns({ most: 3, milliseconds: 100 })
    const asked: string[] = []
    let release: (() => void) | undefined
    const question = (name: string, answered: boolean) => async () => {
      asked.push(name)
      if (!answered) await new Promise<void>((resolve) => (release = resolve))
      return name
    }
    const first = [turns.take(question('a', false)), turns.take(question('b', true))]
    const failed = { status: 'rejected', reason: expect.objectContaining({ code: 'PROVIDER_FAILED' }) }
    expect(await Promise.allSettled(first)).toEqual([failed, failed])
    const more = ['c', 'd', 'e', 'f'].map((name) => turns.take(question(name, true)))
    const busy = { status: 'rejected', reason: expect.objectContaining({ code: 'BUSY' }) }
    expect(await Promise.allSettled(more)).toEqual([failed, failed, failed, busy])
    expect(asked).toEqual(['a'])
    release?.()
    expect(await turns.take(question('g', true))).toBe('g')
    expect(asked).toEqual(['a', 'g'])
  })
})

import { parseYaml } from '@vouch/host/yaml'
import { type ErrorCode, VouchError } from '@vouch/protocol'
import { mutatedFile, mutatedText } from '@vouch/protocol/testing/mutation'
import { refusalOf } from '@vouch/protocol/testing/refusal'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { type AgentPlan, planFrom } from '../src/index.js'
import { announcing, keyJson, keyOf, simulatedConfiguration } from '../testing/agents.js'

const read = (configuration: unknown): AgentPlan =>
  planFrom(parseYaml(stringify(configuration, { aliasDuplicateObjects: false })))

const F = '/run/vouch'
const program = '/nix/store/00000000000000000000000000000000-echo/bin/echo'
const closure = { store: '/nix/store', list: '/etc/closure' }
const { drv: _, ...measuredService } = announcing(F, 'echo', { program, user: 'echo' })
/** A configuration for a machine that counts. */
const genuine = {
  version: 1,
  provider: { name: 'configfs-tsm' },
  state: '/run/tee-agent',
  closure,
  services: [measuredService],
}
const simulated = simulatedConfiguration(F, ['echo', 'time'])
const [echo, time] = simulated.services
const without = <T extends object>(object: T, ...names: readonly string[]) =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)))

describe('a configuration', () => {
  test('of a machine that counts leaves everything to measurement', () => {
    expect(read(genuine)).toMatchObject({
      simulated: false,
      statedImage: undefined,
      closure: { store: '/nix/store', paths: { file: '/etc/closure' }, mentions: [] },
      services: [{ code: { program }, key: { socket: `${F}/echo/announce.sock`, user: 'echo' } }],
    })
  })

  test('names a TPM by how it is reached, its key’s handle, and the PCRs to quote', () => {
    const provider = { name: 'tpm', tcti: 'device:/dev/tpmrm0', handle: '81010002', bank: 'sha256' }
    expect(read({ ...genuine, provider: { ...provider, pcrs: [7, 0] } }).provider).toEqual({
      ...provider,
      handle: Uint8Array.of(0x81, 1, 0, 2),
      pcrs: [0, 7],
    })
    expect(refusalOf(() => read({ ...genuine, provider: { ...provider, pcrs: [24] } })).code).toBe(
      'VALUE_OUT_OF_RANGE',
    )
  })

  test('under the simulated provider may state it', () => {
    const stated = { ...without(echo ?? {}, 'socket', 'user'), public_key: keyJson(keyOf(1)) }
    const plan = read({ ...simulated, services: [stated] })
    expect(plan).toMatchObject({ simulated: true, statedImage: new Uint8Array(32).fill(5) })
    expect(plan.services[0]?.key).toEqual({ publicKey: keyOf(1) })
  })

  test.each([
    ['os_image_hash', { ...without(genuine, 'closure'), os_image_hash: '05'.repeat(32) }],
    ['drv', { ...genuine, services: [{ ...without(measuredService, 'program'), drv: '01'.repeat(32) }] }],
    [
      'public_key',
      {
        ...genuine,
        services: [{ ...without(measuredService, 'socket', 'user'), public_key: keyJson(keyOf(1)) }],
      },
    ],
  ])('of a machine that counts may not state %s', (what, configuration) => {
    const refusal = refusalOf(() => read(configuration))
    expect(refusal.code).toBe('CONFIGURATION_UNSOUND')
    expect(refusal.rule).toContain(what)
  })

  const refused: readonly [string, object, ErrorCode][] = [
    ['without a provider', without(simulated, 'provider'), 'MEMBER_MISSING'],
    ['with a provider without a name', { ...simulated, provider: {} }, 'MEMBER_MISSING'],
    ['with an unknown provider', { ...simulated, provider: { name: 'magic' } }, 'VALUE_OUT_OF_RANGE'],
    [
      "with another provider's settings",
      { ...genuine, provider: { name: 'configfs-tsm', keys: 'x' } },
      'MEMBER_UNKNOWN',
    ],
    ['with an unknown member', { ...simulated, debug: true }, 'MEMBER_UNKNOWN'],
    ['of another version', { ...simulated, version: 2 }, 'VERSION_UNKNOWN'],
    ['without services', { ...simulated, services: [] }, 'TOO_LARGE'],
    ['without an image', without(simulated, 'os_image_hash'), 'CONFIGURATION_UNSOUND'],
    ['with two images', { ...simulated, closure }, 'CONFIGURATION_UNSOUND'],
    ['of a machine that counts without state', without(genuine, 'state'), 'CONFIGURATION_UNSOUND'],
    [
      'with a closure of two kinds',
      { ...genuine, closure: { ...closure, paths: ['/a'] } },
      'CONFIGURATION_UNSOUND',
    ],
    ['with a closure of none', { ...genuine, closure: { store: '/nix/store' } }, 'CONFIGURATION_UNSOUND'],
    [
      'with a store without a place',
      { ...genuine, closure: { ...closure, store: 'store' } },
      'CONFIGURATION_UNSOUND',
    ],
    ['with a program and no closure', { ...simulated, services: [measuredService] }, 'CONFIGURATION_UNSOUND'],
    [
      'with a service that is nothing',
      { ...simulated, services: [without(echo ?? {}, 'drv')] },
      'CONFIGURATION_UNSOUND',
    ],
    [
      'with a service of two kinds',
      { ...simulated, services: [{ ...echo, program }] },
      'CONFIGURATION_UNSOUND',
    ],
    [
      'with a socket that is nobody’s',
      { ...simulated, services: [without(echo ?? {}, 'user')] },
      'CONFIGURATION_UNSOUND',
    ],
    [
      'with two services of one name',
      { ...simulated, services: [echo, { ...time, name: 'echo' }] },
      'CONFIGURATION_UNSOUND',
    ],
    [
      'with two services on one socket',
      { ...simulated, services: [echo, { ...time, socket: echo?.socket }] },
      'CONFIGURATION_UNSOUND',
    ],
    [
      'with a name that is no name',
      { ...simulated, services: [{ ...echo, name: '../x' }] },
      'VALUE_MALFORMED',
    ],
    [
      'with an unknown profile',
      { ...simulated, services: [{ ...echo, profile: 'raw' }] },
      'VALUE_OUT_OF_RANGE',
    ],
    ...['ftp://x', 'tcp://x', 'tcp://x:1/y', 'http://me:pw@x/', 'nonsense'].map(
      (endpoint): [string, object, ErrorCode] => [
        `with the endpoint ${endpoint}`,
        { ...simulated, services: [{ ...echo, endpoint }] },
        'CONFIGURATION_UNSOUND',
      ],
    ),
    [
      'with a key that is no point',
      {
        ...simulated,
        services: [
          {
            ...without(echo ?? {}, 'socket', 'user'),
            public_key: { x: '01'.repeat(32), y: '02'.repeat(32) },
          },
        ],
      },
      'KEY_MALFORMED',
    ],
  ]
  test.each(refused)('%s is refused', (_, configuration, code) => {
    expect(refusalOf(() => read(configuration)).code).toBe(code)
  })

  test('near a sound one is read or refused, and never states what it may not', () => {
    const samples = [genuine, simulated, { ...genuine, services: simulated.services }].map((it) =>
      JSON.stringify(it),
    )
    let accepted = 0
    fc.assert(
      fc.property(fc.oneof(mutatedFile(samples), mutatedText(samples)), (text) => {
        try {
          const plan = planFrom(parseYaml(text))
          accepted++
          const isMeasured = plan.services.every(({ code, key }) => 'program' in code && 'socket' in key)
          return plan.simulated || (isMeasured && plan.statedImage === undefined && plan.state !== undefined)
        } catch (error) {
          return error instanceof VouchError
        }
      }),
      { numRuns: 3000 },
    )
    expect(accepted).toBeGreaterThan(100)
  })
})

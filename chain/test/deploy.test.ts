import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { printAdmissionPolicy } from '@vouch/evidence'
import { secretSigner } from '@vouch/host'
import { listenOn, signingWith } from '@vouch/host/testing/signing-machine'
import { fromHex, toHex } from '@vouch/protocol'
import { testPolicy } from '@vouch/registry/testing/enrolling'
import { scratch } from '@vouch/registry/testing/registries'
import { build } from 'esbuild'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Anvil, startAnvil } from '../../scripts/anvil.js'
import { accountOf, signerAccount } from '../node/client/account.js'
import { type DeployOptions, deployCommand } from '../node/commands/deploy.js'
import { Raw, startLyingServer } from '../testing/chains.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

// `registrar deploy` on development chains, and on one that says it is none.

let development: Anvil
let main: Anvil
beforeAll(async () => {
  ;[development, main] = [await startAnvil(), await startAnvil('--chain-id', '5')]
})
afterAll(() => Promise.all([development.stop(), main.stop()]))
afterEach(() => {
  delete process.env.VOUCH_KEY
})

const KEY = 'ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
const address = (fill: string): string => `0x${fill.repeat(20)}`

async function deployOn(
  anvil: Anvil,
  changes: Partial<DeployOptions> = {},
  words: string[] = [],
): Promise<{ readonly told: Record<string, unknown>; readonly words: string }> {
  const folder = scratch()
  const [policy, key] = [join(folder, 'policy.json'), join(folder, 'key')]
  await writeFile(policy, printAdmissionPolicy(testPolicy()))
  await writeFile(key, `${KEY}\n`, { mode: 0o600 })
  const said: string[] = []
  const out = {
    program: 'registrar',
    data: (text: string) => said.push(text),
    words: (text: string) => words.push(text),
  }
  const settings = { floor: '2', strikeLimit: '3', delay: '0', nonceBlocks: '64' }
  const node = [address('a1'), address('a2'), address('a3')]
  const base = { rpc: anvil.url, key, node, policy: [policy], ...settings, json: true } as const
  await deployCommand(out, { ...base, ...changes })
  return { told: JSON.parse(said.join('')), words: words.join('\n') }
}

describe('registrar deploy', () => {
  test('makes registry, verifier and gateway, and goes on where a failure left it', async () => {
    const { told, words } = await deployOn(development)
    expect(told).toMatchObject({ chain_id: 31_337, registry: expect.stringMatching(/^0x/) })
    expect(words).toContain('to go on from here after a failure: --registry 0x')
    const named = [...words.matchAll(/--[a-z]+ (?=0x)/g)].map(([option]) => option)
    const program = await readFile(join(ROOT, 'chain/node/commands/program.ts'), 'utf8')
    expect(named.filter((option) => !program.includes(`'${option}<address>'`))).toEqual([])
    const again = await deployOn(development, {
      registry: String(told.registry),
      proofs: String(told.proofs),
    })
    expect(again.told).toMatchObject({ registry: String(told.registry).toLowerCase() })
    expect(again.told.gateway).not.toBe(told.gateway)
    expect(again.words).not.toContain('made the registry')
    expect([typeof told.block, typeof again.told.block]).toEqual(['number', 'undefined'])
  })

  test('deploys no simulated policy off development chains, and pays for nothing before it says so', async () => {
    await expect(deployOn(main)).rejects.toMatchObject({ code: 'SIMULATED_NOT_ACCEPTED' })
    expect(await main.do('eth_blockNumber')).toBe('0x0')
  })

  test.each([
    ['fewer nodes than signatures', { node: [address('a1')] }, 'USAGE'],
    ['an address that is none', { node: ['0x12', address('a2')] }, 'USAGE'],
    ['a floor of one', { floor: '1' }, 'USAGE'],
    ['one node twice', { node: [address('a1'), address('a1')] }, 'CHAIN_REFUSED'],
    ['a registry that is no contract', { registry: address('bb') }, 'CONTRACT_UNKNOWN'],
    ['a verifier that is no contract', { proofs: address('cc') }, 'CONTRACT_UNKNOWN'],
  ] as const)('refuses %s', async (_, changes, code) => {
    await expect(deployOn(development, changes)).rejects.toMatchObject({ code })
  })
})

test('registrar deploy says what it has made when the server fails it in the middle, and goes on from that', async () => {
  let estimates = 0
  const liar = await startLyingServer(development.url, (method, result) =>
    method === 'eth_estimateGas' && ++estimates > 1 ? new Raw('<html>') : result,
  )
  const words: string[] = []
  await expect(deployOn(development, { rpc: liar.url }, words)).rejects.toMatchObject({
    code: 'RPC_UNREACHABLE',
    hint: expect.stringContaining('run this again'),
  })
  await liar.close()
  const [, registry] = /--registry (0x\w+)/.exec(words.join('\n')) ?? []
  const { told } = await deployOn(development, { registry: registry ?? '' })
  expect(told.registry).toBe(registry?.toLowerCase())
})

test('registrar deploy goes on with nothing that is another contract, or was made with other settings', async () => {
  const { told } = await deployOn(development)
  const [registry, proofs] = [String(told.registry), String(told.proofs)]
  const before = await development.do('eth_blockNumber')
  for (const changes of [
    { registry: proofs },
    { registry, proofs: registry },
    { registry, proofs, floor: '3' },
    { registry, proofs, nonceBlocks: '65' },
  ])
    await expect(deployOn(development, changes)).rejects.toMatchObject({ code: 'CONTRACT_UNKNOWN' })
  expect(await development.do('eth_blockNumber')).toBe(before)
})

test('registrar deploy pays with a key on another machine, and says which when that does not answer', async () => {
  const socket = join(scratch(), 'signer.sock')
  const key = `unix:${socket}#key=${toHex(secp256k1.getPublicKey(fromHex(KEY)))}`
  const machine = await listenOn(socket, signingWith(fromHex(KEY)))
  const { told } = await deployOn(development, { key })
  expect(told).toMatchObject({ registry: expect.stringMatching(/^0x/) })
  await new Promise((resolve) => machine.close(resolve))
  await expect(deployOn(development, { key })).rejects.toMatchObject({
    code: 'SIGNER_UNAVAILABLE',
    message: expect.stringContaining(socket),
  })
})

describe('an account whose key is somewhere else', () => {
  const known = privateKeyToAccount(`0x${KEY}`)
  const account = signerAccount(secretSigner(fromHex(KEY)))

  test('has the address of the key', async () => {
    expect((await account).address).toBe(known.address)
  })

  test('signs as the library does that has the key, whichever of two keys the bit tells apart', async () => {
    const bits = new Set<string>()
    for (const n of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) {
      const transaction = {
        type: 'eip1559',
        chainId: 31_337,
        nonce: n,
        gas: 21_000n,
        to: known.address,
      } as const
      const fees = { maxFeePerGas: 2n, maxPriorityFeePerGas: 1n }
      const types = { A: [{ name: 'n', type: 'uint256' }] } as const
      const data = { domain: { chainId: 1 }, types, primaryType: 'A', message: { n: BigInt(n) } } as const
      const hash = `0x${String(n).padStart(64, '0')}` as const
      const { sign, signMessage, signTransaction, signTypedData } = await account
      const made = await sign?.({ hash })
      expect(made).toBe(await known.sign({ hash }))
      expect(await signMessage({ message: `${n}` })).toBe(await known.signMessage({ message: `${n}` }))
      expect(await signTypedData(data)).toBe(await known.signTypedData(data))
      expect(await signTransaction({ ...transaction, ...fees })).toBe(
        await known.signTransaction({ ...transaction, ...fees }),
      )
      bits.add(made?.slice(-2) ?? '')
    }
    expect([...bits].sort()).toEqual(['1b', '1c'])
  })
})

describe('a key', () => {
  test('comes from a file for its owner alone, or from the environment', async () => {
    const file = join(scratch(), 'key')
    await writeFile(file, KEY, { mode: 0o600 })
    process.env.VOUCH_KEY = `0x${KEY}`
    expect((await accountOf(undefined)).address).toBe((await accountOf(file)).address)
    await chmod(file, 0o640)
    await expect(accountOf(file)).rejects.toMatchObject({ code: 'KEY_EXPOSED' })
  })

  test.each([
    ['none', undefined, 'USAGE'],
    ['one that is too short', KEY.slice(2), 'KEY_MALFORMED'],
    ['zero', '0'.repeat(64), 'KEY_MALFORMED'],
    ['one past the order', 'f'.repeat(64), 'KEY_MALFORMED'],
  ] as const)('is never quoted: %s', async (_, given, code) => {
    if (given !== undefined) process.env.VOUCH_KEY = given
    const error = await accountOf(undefined).then(
      () => undefined,
      (refused: Error) => refused,
    )
    expect(error).toMatchObject({ code })
    if (given !== undefined) expect(JSON.stringify([error, String(error)])).not.toContain(given)
  })
})

/** Every module that is loaded when this one is: what is imported later, where it is needed, is not among them. */
async function loadedWith(entry: string): Promise<ReadonlySet<string>> {
  const { metafile } = await build({
    entryPoints: [entry],
    absWorkingDir: ROOT,
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    outdir: 'unwritten',
    conditions: ['vouch:source'],
    external: ['viem', '@aztec/bb.js', '@noir-lang/*'],
    logLevel: 'error',
  })
  const loaded = new Set<string>()
  const follow = (path: string): void => {
    if (loaded.has(path)) return
    loaded.add(path)
    for (const { path: next, kind } of metafile.inputs[path]?.imports ?? []) {
      if (kind === 'import-statement') follow(next)
    }
  }
  follow(entry)
  return loaded
}

test.each(['cli/node/bob/bob.ts', 'cli/node/alice/alice.ts', 'cli/node/registrar/registrar.ts'])(
  '%s loads viem where a chain is named, and nowhere before',
  async (entry) => {
    const loaded = await loadedWith(entry)
    expect([...loaded].filter((path) => /(^|\/)viem(\/|$)/.test(path))).toEqual([])
    expect(loaded.size).toBeGreaterThan(50)
    expect((await loadedWith('chain/node/index.ts')).has('viem')).toBe(true)
  },
)

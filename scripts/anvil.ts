import { setTimeout as wait } from 'node:timers/promises'
import { foundryBinary } from '../contracts/build/forge.js'
import { freePort, Program } from './program.js'

/** A development chain on this machine, as anvil from npm runs it: no network, everybody rich. */
export interface Anvil {
  readonly url: string
  /** Keys of accounts that have coins. They are in anvil's manual: known to all. */
  readonly keys: readonly string[]
  /** What only a development chain does: `anvil_mine`, `anvil_reorg` and the like. */
  do(method: string, ...params: readonly unknown[]): Promise<unknown>
  stop(): Promise<unknown>
}

const KEYS = [
  'ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80',
  '59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d',
  '5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a',
  '7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6',
  '47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a',
]

const PATIENCE_MS = 60_000

export async function startAnvil(...options: readonly string[]): Promise<Anvil> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const program = new Program([
    foundryBinary('anvil'),
    ...['--host', '127.0.0.1', '--port', String(port), '--silent', ...options],
  ])
  const anvil: Anvil = {
    url,
    keys: KEYS,
    do: async (method, ...params) => {
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      })
      const { result, error } = (await response.json()) as { result?: unknown; error?: { message: string } }
      if (error !== undefined) throw new Error(`${method}: ${error.message}`)
      return result
    },
    stop: () => program.stop(),
  }
  for (const start = performance.now(); ; await wait(50)) {
    if (await anvil.do('eth_chainId').catch(() => undefined)) return anvil
    if (performance.now() - start > PATIENCE_MS) throw new Error(`anvil does not answer: ${program.stderr}`)
  }
}

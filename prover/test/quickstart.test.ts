import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { parseBundle, printRequest, type Request } from '@vouch/protocol'
import type { Verdict } from '@vouch/verifier'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openWorld, type World } from './support/world.js'

let world: World
beforeAll(async () => {
  world = await openWorld()
  await world.crowd(16)
})
afterAll(() => world.close())

const PAGE = new URL('../../docs/quickstart-alice.md', import.meta.url)
const PROVER = fileURLToPath(new URL('..', import.meta.url))

test("the app of the page runs as it stands, and waits for the registrar's next head", async () => {
  const [, code = ''] = /^```ts\n([\s\S]*?)^```$/m.exec(readFileSync(PAGE, 'utf8')) ?? []
  const bob = await startBob()
  const cutting = setInterval(() => void world.registrar.registry.cutHead(), 500)
  try {
    const { address } = bob
    const env = {
      ...process.env,
      VOUCH_HOME: join(world.folder, 'home'),
      AGENT_URL: world.guest.url,
      REGISTRAR_URL: world.registrarUrl,
      BOB_URL: `http://127.0.0.1:${address.port}`,
    }
    const args = ['--conditions=vouch:source', '--import', 'tsx', '--input-type=module', '--eval', code]
    await promisify(execFile)(process.execPath, args, { cwd: PROVER, env })
  } finally {
    clearInterval(cutting)
    bob.close()
  }
  expect(bob.verdicts).toMatchObject([{ accepted: true }])
})

/** Bob, who hands out a Request and judges what comes back. */
async function startBob() {
  const verdicts: Verdict[] = []
  let request: Request | undefined
  const server = createServer(async (incoming, response) => {
    if (incoming.method === 'GET') {
      request = world.ask()
      return response.end(printRequest(request))
    }
    let body = ''
    for await (const part of incoming) body += part
    if (request !== undefined) verdicts.push(await world.judge(parseBundle(body), request))
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { verdicts, address: server.address() as AddressInfo, close: () => server.close() }
}

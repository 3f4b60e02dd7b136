import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe } from 'vitest'
import { freePort } from '../../scripts/program.js'
import { needs } from '../../test/support/needs.js'
import type { Backends } from './support/proxied.js'
import { itStandsBefore, type ReverseProxy, sceneOf } from './support/proxy-suite.js'
import { startWithoutRights } from './support/unprivileged.js'

const CADDYFILE = fileURLToPath(new URL('../caddy/Caddyfile', import.meta.url))

/** Caddy with the file of deploy/, by names and ports of a test. It asks no authority for certificates: it speaks plain HTTP. */
async function startCaddy(folder: string, behind: Backends): Promise<ReverseProxy> {
  const own = join(folder, 'caddy')
  await mkdir(own)
  const ports = { registrar: await freePort(), service: await freePort() }
  const written = (await readFile(CADDYFILE, 'utf8'))
    .replace(/^\{$/m, '{\n\tadmin off')
    .replace('registrar.example {', `http://127.0.0.1:${ports.registrar} {`)
    .replace('echo.example {', `http://127.0.0.1:${ports.service} {`)
    .replace('127.0.0.1:8787', `127.0.0.1:${behind.registrar.port}`)
    .replace('127.0.0.1:7002', `127.0.0.1:${behind.service.port}`)
  await writeFile(join(own, 'Caddyfile'), written)
  const command = ['caddy', 'run', '--config', join(own, 'Caddyfile'), '--adapter', 'caddyfile']
  return {
    stop: await startWithoutRights(own, command, ports.registrar),
    registrar: { url: `http://127.0.0.1:${ports.registrar}` },
    service: { url: `http://127.0.0.1:${ports.service}` },
  }
}

describe('Caddy', () => itStandsBefore(sceneOf(needs.caddy, startCaddy)))

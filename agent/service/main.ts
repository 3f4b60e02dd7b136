import { parseArgs } from 'node:util'
import {
  hostAndPort,
  observedOf,
  originsArgument,
  proxyArgument,
  type TlsOptions,
  tlsOf,
} from '@vouch/host/http'
import {
  runCommand,
  type ServerTerminal,
  serverTerminal,
  terminal,
  usageWords,
  versionOf,
} from '@vouch/host/node'
import { PROFILES, type ProfileName, shown, toHex, VouchError } from '@vouch/protocol'
import { readServiceLimits } from './limits-file.js'
import { type ServiceOptions, startService } from './service.js'

// The echo service: says back what it is told, signed.

const HELP = `usage: vouch-echo --profile sha256|eip191 --key FILE --announce SOCKET [--tcp HOST:PORT] [--http HOST:PORT]
                  [--limits FILE] [--behind-proxy ADDRESS] [--allow-origin ORIGIN]...

  --profile    how envelopes become what is signed: one for the life of the process
  --key        file of the key, in tmpfs; made at the first start, for its owner alone
  --announce   the socket that the agent made for this service
  --tcp        answer there: one line for one line
  --http       answer there: POST /
  --limits     what clients may take, in YAML
  --behind-proxy   believe X-Forwarded-For when it comes from this address, or from loopback
  --allow-origin   web pages that may ask over HTTP: *, none, or one or more origins; * if not given
  --metrics-listen HOST:PORT   serve Prometheus metrics there
  --log        how it speaks on stderr: json, or words
  --tls-cert, --tls-key   speak TLS over HTTP, with a certificate and its key in PEM; read anew on SIGHUP
  --key-anywhere   let the key lie on a disk; for development alone

example:
  vouch-echo --profile sha256 --key /run/vouch/echo/key --announce /run/vouch/echo/announce.sock --tcp 0.0.0.0:7001`

const VERSION = versionOf(import.meta.url)
const out = terminal('vouch-echo')

async function options(): Promise<ServiceOptions | 'help' | 'version'> {
  const { values } = argumentsGiven()
  if (values.help) return 'help'
  if (values.version) return 'version'
  const { profile, key, announce, tcp, http, limits } = values
  const proxy = values['behind-proxy']
  const told = await serverTerminal(out, values, 'json')
  if (key === undefined || (tcp === undefined && http === undefined)) {
    throw usage('an option is missing: --profile, --key and one of --tcp and --http must be given')
  }
  return {
    profile: profileNamed(profile),
    keyFile: key,
    keyAnywhere: values['key-anywhere'] ?? false,
    ...(announce === undefined ? {} : { announceTo: announce }),
    ...(tcp === undefined ? {} : { tcp: hostAndPort(tcp, '--tcp') }),
    ...(http === undefined ? {} : { http: hostAndPort(http, '--http') }),
    ...(limits === undefined ? {} : { limits: await readServiceLimits(limits) }),
    ...(proxy === undefined ? {} : { proxy: proxyArgument(proxy) }),
    origins: originsArgument(values['allow-origin']),
    tls: await tlsFor(http, { tlsCert: values['tls-cert'], tlsKey: values['tls-key'] }, told),
    ...(await observedOf({ metricsListen: values['metrics-listen'] }, told)),
    respond: (message) => message,
    log: (event, facts) => told.event(event, facts),
  }
}

function argumentsGiven() {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const known = { profile: text, key: text, announce: text, tcp: text, http: text, help: flag, version: flag }
  const more = {
    limits: text,
    log: text,
    'tls-cert': text,
    'tls-key': text,
    'metrics-listen': text,
    'behind-proxy': text,
    'allow-origin': { ...text, multiple: true },
  } as const
  try {
    return parseArgs({ options: { ...known, ...more, 'key-anywhere': flag } })
  } catch (error) {
    throw usage(error instanceof Error ? usageWords(error.message) : 'the arguments cannot be read')
  }
}

async function tlsFor(http: string | undefined, given: TlsOptions, told: ServerTerminal) {
  const tls = await tlsOf(given, told)
  if (tls !== undefined && http === undefined) throw usage('--tls-cert is given without --http')
  return tls
}

function profileNamed(text: string | undefined): ProfileName {
  const profile = (Object.keys(PROFILES) as ProfileName[]).find((name) => name === text)
  return profile ?? refuse(`--profile must be one of ${Object.keys(PROFILES).join(', ')}`, text)
}

const usage = (rule: string, given = ''): VouchError =>
  new VouchError('USAGE', {
    rule,
    ...(given === '' ? {} : { given: shown(given) }),
    hint: 'vouch-echo --help shows an example',
  })

function refuse(rule: string, given = ''): never {
  throw usage(rule, given)
}

function toldToEnd(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
}

await runCommand(out, false, async () => {
  const chosen = await options()
  if (chosen === 'help' || chosen === 'version') {
    out.data(chosen === 'help' ? HELP : VERSION)
    return 0
  }
  const { endpoints, metrics, publicKey, close } = await startService(chosen)
  const key = { x: toHex(publicKey.x), y: toHex(publicKey.y) }
  const told = toldToEnd() // before anybody knows that it is there to be told
  out.data(JSON.stringify({ endpoints, metrics, public_key: key }))
  await told
  await close()
  return 0
})

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// A real PostgreSQL server for a test, on loopback, in a folder of its own. `initdb` refuses root, so the server runs as another user.

export interface PostgresServer {
  /** The address of its database for an ordinary user, password included. */
  readonly url: string
  readonly password: string
  readonly folder: string
  /** The same address, for another database of the server's. */
  database(name: string): string
  /** Runs SQL as the superuser, and answers with what psql prints. */
  psql(sql: string): string
  start(): Promise<void>
  /** Stops it as a crash would. */
  kill(): Promise<void>
  stop(): Promise<void>
}

const DEBIAN = '/usr/lib/postgresql'

/** The folder of the server's programs; nothing where there is none. */
export function postgresPrograms(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : []
  return versions
    .map((version) => join(DEBIAN, version, 'bin'))
    .find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')))
}

/** A new server. With `standbyOf` it is a synchronous replica that can be promoted. */
export async function startPostgres(
  options: { readonly settings?: Readonly<Record<string, string>>; readonly standbyOf?: PostgresServer } = {},
): Promise<PostgresServer> {
  const programs = postgresPrograms()
  if (programs === undefined) throw new Error('no PostgreSQL server is installed')
  const folder = mkdtempSync(join(tmpdir(), 'vouch-postgres-'))
  const data = join(folder, 'data')
  const password = randomBytes(12).toString('hex')
  const port = await freePort()
  const as = unprivileged(folder)
  const run = (program: string, args: readonly string[], input?: string): string => {
    const [command = '', ...rest] = [...as, join(programs, program), ...args]
    return execFileSync(command, rest, {
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'pipe'],
      cwd: folder,
      ...(input === undefined ? {} : { input }),
    })
  }
  const psql = (sql: string): string =>
    run(
      'psql',
      [
        '--host',
        folder,
        '--port',
        String(port),
        '--username',
        'owner',
        '--no-psqlrc',
        '--tuples-only',
        '--no-align',
        '--set',
        'ON_ERROR_STOP=1',
        'postgres',
      ],
      sql,
    )

  let server: ChildProcess | undefined
  const start = async (): Promise<void> => {
    const [command = '', ...rest] = [...as, join(programs, 'postgres'), '-D', data]
    server = spawn(command, rest, { stdio: 'ignore', cwd: folder })
    for (let tries = 0; ; tries++) {
      try {
        psql('SELECT 1')
        return
      } catch (error) {
        if (tries > 200 || server.exitCode !== null) throw error
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const running = server
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return
    const ended = new Promise((resolve) => running.once('exit', resolve))
    running.kill(signal)
    await ended
  }

  if (options.standbyOf === undefined) {
    run('initdb', [
      '--pgdata',
      data,
      '--username',
      'owner',
      '--auth-local',
      'trust',
      '--auth-host',
      'scram-sha-256',
      '--data-checksums',
      '--no-sync',
    ])
  } else {
    const source = options.standbyOf
    run('pg_basebackup', [
      '--host',
      source.folder,
      '--port',
      new URL(source.url).port,
      '--username',
      'owner',
      '--pgdata',
      data,
      '--write-recovery-conf',
      '--checkpoint',
      'fast',
    ])
  }
  const settings = {
    listen_addresses: "'127.0.0.1'",
    port: String(port),
    unix_socket_directories: `'${folder}'`,
    cluster_name: "'vouch_standby'",
    ...options.settings,
  }
  writeFileSync(
    join(data, 'postgresql.auto.conf'),
    [
      ...(options.standbyOf === undefined
        ? []
        : [
            `primary_conninfo = 'host=${options.standbyOf.folder} port=${new URL(options.standbyOf.url).port} user=owner application_name=vouch_standby'`,
          ]),
      ...Object.entries(settings).map(([name, value]) => `${name} = ${value}`),
    ].join('\n'),
  )
  await start()
  if (options.standbyOf === undefined)
    psql(`CREATE ROLE vouch LOGIN PASSWORD '${password}'; CREATE DATABASE vouch OWNER vouch`)

  const known = options.standbyOf?.password ?? password
  return {
    url: `postgres://vouch:${known}@127.0.0.1:${port}/vouch`,
    password: known,
    folder,
    database: (name) => {
      psql(`CREATE DATABASE ${name} OWNER vouch`)
      return `postgres://vouch:${known}@127.0.0.1:${port}/${name}`
    },
    psql,
    start,
    kill: () => end('SIGKILL'),
    stop: async () => {
      await end('SIGINT') // its fast shutdown
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** How to run as a user that is not root; makes the folder that user's. */
function unprivileged(folder: string): readonly string[] {
  chmodSync(folder, 0o755)
  if (process.getuid?.() !== 0) return []
  const id = (kind: '-u' | '-g'): number =>
    Number(execFileSync('id', [kind, 'postgres'], { encoding: 'utf8' }))
  const [user, group] = [id('-u'), id('-g')]
  chownSync(folder, user, group)
  return ['setpriv', `--reuid=${user}`, `--regid=${group}`, '--clear-groups']
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

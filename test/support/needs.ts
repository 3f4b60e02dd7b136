import { execFileSync } from 'node:child_process'
import { existsSync, statfsSync } from 'node:fs'
import type { TestContext } from 'vitest'
import { postgresPrograms } from '../../host/testing/postgres.js'
import { registryAnswers } from '../../scripts/npm.js'
import { chromiumPath } from './chromium.js'

/** Runs what follows it where there is no network but loopback. A new namespace's loopback is down: somebody must bring it up. */
export const LOOPBACK_ONLY = [
  'unshare',
  ...['--map-root-user', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'],
] as const

/** Skips the running test, with a reason that the reporter shows, where the machine lacks something. */
type Need = (context: TestContext) => void

/**
 * What a test may lack and be skipped for; the only way to skip one. The first line of such a test is
 * `needs.unshare(context)`. With VOUCH_NO_SKIP=1 the reporter makes a run with skipped tests fail.
 */
export const needs = {
  /** A network namespace of its own, to show that something works with no network at all. */
  unshare: need('unshare, allowed to make a network namespace', () =>
    runs('unshare', ['--map-root-user', '--net', 'true']),
  ),
  /** The same, for processes that talk to one another. */
  loopbackOnly: need('unshare, allowed to make a network namespace, and ip', () => {
    const [command, ...args] = LOOPBACK_ONLY
    return runs(command, [...args, 'true'])
  }),
  /** A small disk of its own, to fill. */
  tmpfs: need('unshare, allowed to mount', () =>
    runs('unshare', ['--map-root-user', '--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']),
  ),
  /** A folder in memory that everybody may write to. */
  sharedMemory: need(
    'a tmpfs at /dev/shm',
    () => existsSync('/dev/shm') && statfsSync('/dev/shm').type === 0x01021994,
  ),
  curl: need('curl', () => runs('curl', ['--version'])),
  python3: need('python3, 3.9 or later', () =>
    runs('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))']),
  ),
  openssl: need('openssl', () => runs('openssl', ['version'])),
  pythonCryptography: need("python3's cryptography", () => runs('python3', ['-c', 'import cryptography'])),
  /** What runs a program for each connection to a socket, as systemd does. */
  socketActivation: need('systemd-socket-activate', () => runs('systemd-socket-activate', ['--version'])),
  systemd: need('systemd-analyze', () => runs('systemd-analyze', ['--version'])),
  root: need('the rights of root', () => process.getuid?.() === 0),
  buildah: need('buildah', () => runs('buildah', ['--version'])),
  nginx: need('nginx', () => runs('nginx', ['-v'])),
  caddy: need('caddy', () => runs('caddy', ['version'])),
  /** A token in software, and what its binding is compiled with. */
  softhsm2: need('softhsm2-util, make and g++', () =>
    ['softhsm2-util', 'make', 'g++'].every((command) => runs(command, ['--version'])),
  ),
  /** An npm registry: asks it for one package that this project pins. */
  registry: need('an npm registry', registryAnswers),
  /** What judges alert rules as Prometheus does. */
  promtool: need('promtool, of Debian’s package prometheus', () => runs('promtool', ['--version'])),
  chromium: need('chromium', () => chromiumPath() !== undefined),
  /** Nix itself, whose hashes ours must equal. */
  nix: need('nix-store', () => runs('nix-store', ['--version'])),
  /** A database server that a test starts for itself. */
  postgres: need('PostgreSQL (package postgresql)', () => postgresPrograms() !== undefined),
  /** To have the kernel refuse what a process asks of it. */
  strace: need('strace, allowed to trace', () => runs('strace', ['-qq', '-o', '/dev/null', 'true'])),
  swtpm: need('swtpm', () => runs('swtpm', ['--version'])),
  tpm2Tools: need('tpm2-tools', () => runs('tpm2_getcap', ['--version'])),
  /** The folder of raw hardware evidence that $VOUCH_SAMPLES names. */
  samples: need('the folder of evidence that VOUCH_SAMPLES names', () => {
    const folder = process.env.VOUCH_SAMPLES
    return folder !== undefined && existsSync(folder)
  }),
} as const satisfies Record<string, Need>

function need(what: string, isThere: () => boolean): Need {
  let known: boolean | undefined
  return (context) => {
    known ??= isThere()
    if (!known) context.skip(`needs ${what}`)
  }
}

function runs(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore', timeout: 30_000 })
    return true
  } catch {
    return false
  }
}

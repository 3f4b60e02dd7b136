import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { EXIT_OF } from '@vouch/protocol'
import { afterAll, describe, expect, test } from 'vitest'
import { needs } from '../../test/support/needs.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const UNITS = join(ROOT, 'deploy/systemd')
const HARDENING = readFileSync(join(UNITS, 'vouch-.service.d/10-hardening.conf'), 'utf8')
const units = readdirSync(UNITS).filter((name) => name.endsWith('.service'))

/** The units, for programs of this clone: systemd-analyze looks whether they are there. */
const folder = mkdtempSync(join(tmpdir(), 'vouch-units-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
cpSync(UNITS, folder, { recursive: true })
for (const unit of units) {
  const text = readFileSync(join(UNITS, unit), 'utf8').replaceAll('/opt/vouch/', ROOT)
  writeFileSync(join(folder, unit), text)
}

/** The values that a unit gives to a setting. */
const settings = (text: string, name: string): readonly string[] =>
  [...text.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value = '']) => value)

const analyze = (...args: readonly string[]) => spawnSync('systemd-analyze', args, { encoding: 'utf8' })

test('there is a unit for every program that runs on', () => {
  const programs = units.flatMap((unit) => settings(readFileSync(join(UNITS, unit), 'utf8'), 'ExecStart'))
  const names = programs.map((line) => /\/\.bin\/(\S+)/.exec(line)?.[1] ?? line)
  expect(names.sort()).toEqual(['alice', 'registrar', 'registrar', 'tee-agent', 'vouch-echo'])
})

test('a program is started again, unless its command line is wrong', () => {
  expect(settings(HARDENING, 'Restart')).toEqual(['on-failure'])
  const usage = Object.entries(EXIT_OF).flatMap(([code, exit]) => (code === 'USAGE' ? [String(exit)] : []))
  expect(settings(HARDENING, 'RestartPreventExitStatus')).toEqual(usage)
})

describe.each(units)('%s', (unit) => {
  const path = join(folder, unit)
  const text = readFileSync(path, 'utf8')

  test('is a unit that systemd takes, without a word', (context) => {
    needs.systemd(context)
    const { status, stdout, stderr } = analyze('verify', '--man=no', path)
    expect([status, stdout, stderr]).toEqual([0, '', ''])
  })

  test('exposes little of the machine: 2.0 at most, of 10', (context) => {
    needs.systemd(context)
    const { status, stdout } = analyze('security', '--no-pager', '--offline=true', '--threshold=20', path)
    expect(stdout).toMatch(/Overall exposure level for .*: [0-2]\.\d /)
    expect(status, stdout).toBe(0)
  })

  test('starts a command that there is, with options that it has', () => {
    const [line = ''] = settings(text, 'ExecStart')
    const [program = '', ...words] = line.split(' ')
    const commands = words.filter((word) => /^(node|serve|sync)$/.test(word))
    const help = execFileSync(program, [...commands, '--help'], { encoding: 'utf8' })
    const general = execFileSync(program, ['--help'], { encoding: 'utf8' })
    const unknown = words.filter((word) => word.startsWith('--') && !`${help}${general}`.includes(word))
    expect(unknown).toEqual([])
  })

  test('runs as a user of its own, with keys that no other program reads', () => {
    const [user] = settings(text, 'User')
    const users = readFileSync(join(UNITS, 'vouch.sysusers.conf'), 'utf8')
    if (user !== undefined) expect(users).toMatch(new RegExp(`^u ${user} `, 'm'))
    else expect(unit).toBe('vouch-agent.service')
    for (const credential of settings(text, 'LoadCredential')) {
      expect(text).toContain(`--key \${CREDENTIALS_DIRECTORY}/${credential.split(':')[0]}`)
    }
    expect(text).not.toMatch(/^Environment=/m)
  })
})

test('the users, and the folders at boot, are what systemd makes', (context) => {
  needs.systemd(context)
  needs.root(context)
  const root = join(folder, 'root')
  mkdirSync(join(root, 'etc'), { recursive: true })
  const make = (program: string, ...args: readonly string[]): unknown =>
    execFileSync(program, [...args], { stdio: 'pipe' })
  make('systemd-sysusers', `--root=${root}`, join(UNITS, 'vouch.sysusers.conf'))
  make('systemd-tmpfiles', '--create', `--root=${root}`, join(UNITS, 'vouch.tmpfiles.conf'))
  const passwd = readFileSync(join(root, 'etc/passwd'), 'utf8')
  const names = passwd.split('\n').flatMap((line) => (line.startsWith('vouch-') ? [line.split(':')[0]] : []))
  expect(names.sort()).toEqual(['vouch-alice', 'vouch-echo', 'vouch-node', 'vouch-registrar'])
  const modes = execFileSync('stat', ['-c', '%a %n', 'run/tee-agent', 'run/vouch', 'run/vouch/echo'], {
    cwd: root,
    encoding: 'utf8',
  })
  expect(modes).toBe('700 run/tee-agent\n755 run/vouch\n700 run/vouch/echo\n')
})

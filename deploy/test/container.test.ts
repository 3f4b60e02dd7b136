import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { installedFile } from '../../fixtures/story/commands.js'
import { needs } from '../../test/support/needs.js'

const here = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'vouch-container-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The words that a command of `registrar` has no option for. */
function unknownOptions(words: readonly string[]): readonly string[] {
  const commands = words.filter((word) => /^(node|serve)$/.test(word))
  const help = execFileSync(process.execPath, [installedFile('registrar'), ...commands, '--help'], {
    encoding: 'utf8',
  })
  return words.filter((word) => word.startsWith('--') && !help.includes(`${word} `))
}

/** Builds the Containerfile of little more than nothing: what build.sh copies takes minutes to make. */
function build(): Record<string, unknown> {
  const context = join(folder, 'context')
  mkdirSync(join(context, 'app'), { recursive: true })
  writeFileSync(join(context, 'app/file'), 'of the app')
  mkdirSync(join(folder, 'root/etc'), { recursive: true })
  writeFileSync(join(folder, 'root/etc/file'), 'of the root')
  execFileSync('tar', ['-cf', join(context, 'root.tar'), '-C', join(folder, 'root'), '.'])
  const storage = [
    '--root',
    join(folder, 'storage'),
    '--runroot',
    join(folder, 'run'),
    '--storage-driver',
    'vfs',
  ]
  const buildah = (...args: readonly string[]): string =>
    execFileSync('buildah', [...storage, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  buildah('build', '--layers=false', '--file', here('container/Containerfile'), '--tag', 'tried', context)
  const container = buildah('from', 'tried').trim()
  const mounted = buildah('mount', container).trim()
  const contents = ['opt/vouch/file', 'etc/file'].map((path) => readFileSync(join(mounted, path), 'utf8'))
  const { OCIv1 } = JSON.parse(buildah('inspect', '--type', 'image', 'tried')) as {
    readonly OCIv1: { readonly config: Record<string, unknown> }
  }
  buildah('rm', container)
  return { ...OCIv1.config, contents }
}

describe('the container image', () => {
  test('is what a real builder makes of the Containerfile', (context) => {
    needs.buildah(context)
    needs.root(context)
    expect(build()).toMatchObject({
      contents: ['of the app', 'of the root'],
      User: '65532:65532',
      Entrypoint: ['registrar'],
      WorkingDir: '/var/lib/vouch',
      Volumes: { '/var/lib/vouch': {} },
      StopSignal: 'SIGTERM',
    })
  })

  test('stands on no image of others, runs nothing while it is built, and fetches nothing', () => {
    const lines = readFileSync(here('container/Containerfile'), 'utf8').split('\n')
    const instructions = lines.filter((line) => line !== '' && !line.startsWith('#'))
    expect(instructions[0]).toBe('FROM scratch')
    const allowed = /^(FROM|ADD|COPY|ENV|USER|WORKDIR|VOLUME|EXPOSE|STOPSIGNAL|ENTRYPOINT|CMD) /
    expect(instructions.filter((line) => !allowed.test(line) || /:\/\//.test(line))).toEqual([])
    expect(instructions.filter((line) => line.startsWith('FROM'))).toHaveLength(1)
    const command = instructions.find((line) => line.startsWith('CMD ')) ?? ''
    expect(unknownOptions(JSON.parse(command.slice(4)) as string[])).toEqual([])
  })

  test('is built by a script that a shell can read, for the user whom the image names', () => {
    const script = readFileSync(here('container/build.sh'), 'utf8')
    execFileSync('bash', ['-n', here('container/build.sh')])
    expect(script).toContain('install -d -m 700 -o 65532 -g 65532 "$1/var/lib/vouch"')
    expect(script).toMatch(/^name=.*localhost\/vouch/m)
  })
})

interface Service {
  readonly image: string
  readonly command: string
  readonly ports: readonly string[]
  readonly volumes: readonly string[]
  readonly secrets: readonly string[]
  readonly [setting: string]: unknown
}

describe('the Compose file', () => {
  const file = parse(readFileSync(here('compose.yaml'), 'utf8'), { merge: true }) as {
    readonly services: Readonly<Record<string, Service>>
    readonly volumes: object
    readonly secrets: Readonly<Record<string, { readonly file: string }>>
    readonly networks: {
      readonly vouch: { readonly ipam: { readonly config: readonly { gateway: string }[] } }
    }
  }
  const [network] = file.networks.vouch.ipam.config

  test.each(Object.entries(file.services))('%s has no more rights than it needs', (_, service) => {
    expect(service).toMatchObject({
      image: 'localhost/vouch:latest',
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      stop_grace_period: '60s',
      pids_limit: 128,
      mem_limit: '1536m',
    })
    for (const setting of ['privileged', 'user', 'environment', 'devices', 'cap_add', 'network_mode']) {
      expect(service[setting], setting).toBeUndefined()
    }
    // The host's proxy reaches it, and no other machine does.
    for (const port of service.ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:8787$/)
  })

  test.each(Object.entries(file.services))(
    '%s starts a command that there is, with what is declared',
    (_, service) => {
      const words = service.command.trim().split(/\s+/)
      expect(unknownOptions(words)).toEqual([])
      const after = (option: string): string | undefined => words[words.indexOf(option) + 1]
      expect(after('--behind-proxy')).toBe(network?.gateway)
      expect(service.secrets.map((name) => `/run/secrets/${name}`)).toEqual([after('--key')])
      for (const name of service.secrets) expect(file.secrets[name]?.file).toMatch(/^\.\/secrets\//)
      for (const volume of service.volumes) expect(Object.keys(file.volumes)).toContain(volume.split(':')[0])
    },
  )
})

import { execFile } from 'node:child_process'
import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { needs } from '../../test/support/needs.js'
import { hashClosure } from '../node/store/hash-store.js'
import { newFolder } from '../testing/stores.js'

// Which store paths a path refers to, by our reading and by Nix's own, which builds them in a store made for this.

const EXPRESSION = `
let
  make = name: script: derivation {
    inherit name;
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-c" script ];
    PATH = "/usr/bin:/bin";
    lib = if name == "lib" then "" else lib;
    unused = if name == "app" then unused else "";
  };
  lib = make "lib" "echo code > $out";
  linked = make "linked" "mkdir $out; ln -s $lib/so $out/so";
  unused = make "unused" "echo $lib | tr a-z n-za-m > $out";
  far = make "far" "mkdir $out; head -c 65530 /dev/zero > $out/x; echo $lib >> $out/x";
  own = make "own" "mkdir $out; echo $out > $out/self";
in make "app" ''
  mkdir $out
  echo \${linked}/so > $out/path
  basename \${far} | cut -c1-32 > $out/hash-alone
  echo \${own} > $out/$(basename \${own})
''
`

let folder: string | undefined
afterAll(async () => {
  if (folder === undefined) return
  for (const path of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (path.isDirectory()) await chmod(join(path.parentPath, path.name), 0o700)
  await rm(folder, { recursive: true, force: true })
})

test('references are those that nix itself finds in what it builds', async (context) => {
  needs.nix(context)
  folder = await newFolder()
  const at = (name: string): string => join(folder ?? '', name)
  await mkdir(at('etc'))
  await writeFile(at('etc/nix.conf'), 'sandbox = false\nbuild-users-group =\nsubstitute = false\n')
  await writeFile(at('closure.nix'), EXPRESSION)
  const own = { STORE: 'store', STATE: 'var', LOCALSTATE: 'var', LOG: 'log', CONF: 'etc' }
  const folders = Object.entries(own).map(([name, path]) => [`NIX_${name}_DIR`, at(path)])
  const env = { ...process.env, HOME: folder, NIX_REMOTE: '', ...Object.fromEntries(folders) }
  const nix = async (command: string, ...args: readonly string[]): Promise<readonly string[]> =>
    (await promisify(execFile)(command, args, { env })).stdout.trim().split('\n')

  const [app = ''] = await nix('nix-build', at('closure.nix'), '--no-out-link')
  const built = (await readdir(at('store'))).filter((name) => /-(app|lib|linked|unused|far|own)$/.test(name))
  expect(built).toHaveLength(6)
  const paths = built.map((name) => join(at('store'), name))
  const { entries } = await hashClosure(at('store'), paths, [])
  for (const { name, references } of entries) {
    const known = await nix('nix-store', '-q', '--references', join(at('store'), name))
    const named = known.filter((path) => path !== '').map((path) => basename(path))
    expect([...references].sort(), name).toEqual(named.sort())
  }
  const ofApp = entries.find(({ name }) => name === basename(app))?.references ?? []
  expect(ofApp.map((name) => name.replace(/^\w+-/, '')).sort()).toEqual(['far', 'linked', 'own'])
})

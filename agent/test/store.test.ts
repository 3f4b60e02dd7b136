import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { closureHash, drvOf, fromHex, toHex } from '@vouch/protocol'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { needs } from '../../test/support/needs.js'
import { hashClosure, programIn } from '../node/store/hash-store.js'
import { writeNar } from '../node/store/nar.js'
import { ReferenceScanner } from '../src/store/references.js'
import { folder, named, newFolder, plant, type Tree } from '../testing/stores.js'

let scratch: string
beforeAll(async () => {
  scratch = await newFolder()
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

async function narHash(path: string): Promise<string> {
  const hash = createHash('sha256')
  await writeNar(path, (piece) => hash.update(piece))
  return hash.digest('hex')
}

const nixHash = (path: string): string =>
  createHash('sha256')
    .update(execFileSync('nix-store', ['--dump', path], { maxBuffer: 1 << 28 }))
    .digest('hex')

const planted = async (tree: Tree): Promise<string> => {
  const path = join(await mkdtemp(join(scratch, 'tree-')), 'root')
  await plant(path, tree)
  return path
}

describe('a serialisation', () => {
  test('is laid out as the format has it', async () => {
    const pieces: Uint8Array[] = []
    await writeNar(await planted({ run: 'hi' }), (piece) => pieces.push(piece.slice()))
    const text = (word: string): string => {
      const length = Buffer.alloc(8)
      length.writeUInt32LE(word.length)
      return length.toString('latin1') + word + '\0'.repeat((8 - (word.length % 8)) % 8)
    }
    const words = ['nix-archive-1', '(', 'type', 'regular', 'executable', '', 'contents', 'hi', ')']
    expect(Buffer.concat(pieces).toString('latin1')).toBe(words.map(text).join(''))
  })

  test('knows neither time nor owner nor mode, but whether a file may be executed', async () => {
    const [once, again] = [await planted(folder({ a: 'x' })), await planted(folder({ a: 'x' }))]
    expect(await narHash(once)).toBe(await narHash(again))
    expect(await narHash(await planted(folder({ a: { run: 'x' } })))).not.toBe(await narHash(once))
  })

  const trees: readonly [string, Tree][] = [
    ['a file', 'hello\n'],
    ['an empty file', ''],
    ['a program', { run: '#!/bin/sh\n' }],
    ['a link', { to: '/nowhere' }],
    ['an empty folder', folder({})],
    [
      'names whose order is that of their bytes',
      folder({ 'a.b': '1', a: folder({ z: '' }), A: '2', 'a-b': '3', ä: '4', é: '5', '￰': '6', 𝒳: '7' }),
    ],
    ['a file of several pieces', new Uint8Array(3 * (1 << 20) + 5).fill(7)],
    ['a file just as long as a piece', new Uint8Array(1 << 16).fill(8)],
  ]
  test('is what nix makes of it: files, links, folders, sizes, orders of names', async (context) => {
    needs.nix(context)
    for (const [what, tree] of trees) {
      const path = await planted(tree)
      expect(await narHash(path), what).toBe(nixHash(path))
    }
  })

  test('is what nix makes of it, whatever the tree', async (context) => {
    needs.nix(context)
    const name = fc.stringMatching(/^[a-zA-Zäé€𝒳.+_-]{1,12}$/u).filter((text) => !['.', '..'].includes(text))
    const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.uint8Array({ maxLength: 100 }),
        fc.string().map((run) => ({ run })),
        name.map((to) => ({ to })),
        fc.array(fc.tuple(name, tie('tree')), { maxLength: 5 }).map((entries) => new Map(entries)),
      ),
    }))
    await fc.assert(
      fc.asyncProperty(tree, async (generated) => {
        const path = await planted(generated)
        return (await narHash(path)) === nixHash(path)
      }),
      { numRuns: 60 },
    )
  })

  test('of a socket, or of nothing, there is none', async () => {
    const path = await planted(folder({}))
    const server = createServer().listen(join(path, 'socket'))
    await expect(narHash(path)).rejects.toMatchObject({ code: 'STORE_PATH_MALFORMED' })
    server.close()
    await expect(narHash(join(path, 'nothing'))).rejects.toMatchObject({ code: 'STORE_PATH_MALFORMED' })
    await expect(narHash('/dev/null')).rejects.toMatchObject({ code: 'STORE_PATH_MALFORMED' })
  })
})

describe('references', () => {
  const store = '/nix/store'
  const [a, b] = [named('a', 'one'), named('b', 'two')]
  const stranger = `${'0123456789abcdfghijklmnpqrsvwxyz'}-three-1.0`
  const found = (text: string, pieceSize = text.length): readonly string[] => {
    const scanner = new ReferenceScanner(store, [a, b])
    const bytes = new TextEncoder().encode(text)
    for (let at = 0; at < bytes.length; at += pieceSize) scanner.update(bytes.subarray(at, at + pieceSize))
    const { listed, unlisted } = scanner.finish()
    return [...[...listed].sort(), ...[...unlisted].sort().map((name) => `?${name}`)]
  }

  test.each([
    ['a path that is listed', `x ${store}/${a}/bin y`, [a]],
    ['its hash alone, as nix sees it', `${'b'.repeat(32)}`, [b]],
    ['its hash behind other letters', `zzz${'a'.repeat(32)}`, [a]],
    ['a path that is not listed', `"${store}/${stranger}/lib"`, [`?${stranger}`]],
    ['the same elsewhere', `/opt/store/${stranger}`, []],
    ['a hash with a letter that no hash has', `${store}/${'e'.repeat(32)}-gone`, []],
    ['a hash without a name', `${store}/0123456789abcdfghijklmnpqrsvwxyz`, []],
    ['nothing', 'plain text', []],
    ['several', `${store}/${b}:${store}/${a}\0${store}/${stranger}`, [a, b, `?${stranger}`]],
  ] as const)('in %s', (_, text, expected) => {
    expect(found(text)).toEqual(expected)
  })

  test('are the same in pieces of any size', () => {
    const noise = fc.stringMatching(/^[a-z0-9/ .-]{0,400}$/)
    const part = fc.constantFrom(`${store}/${a}/x`, `${store}/${b}`, `${store}/${stranger}`, 'a'.repeat(32))
    const texts = fc.tuple(noise, part, noise, part, noise).map((parts) => parts.join(''))
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 300 }), (text, size) => {
        expect(found(text, size)).toEqual(found(text))
      }),
      { numRuns: 300 },
    )
  })
})

describe('a closure', () => {
  const [app, lib, other] = [named('1', 'app'), named('2', 'lib'), named('3', 'other')]
  let store: string
  const paths = () => [app, lib, other].map((name) => join(store, name))

  beforeAll(async () => {
    store = join(scratch, 'store')
    await plant(join(store, app), folder({ bin: folder({ run: { run: `load ${store}/${lib}/so` } }) }))
    await plant(join(store, lib), folder({ so: 'code', self: `${store}/${lib}` }))
    await plant(join(store, other), folder({ bin: folder({ link: { to: `${store}/${app}/bin/run` } }) }))
  })

  test('has the hash of all its paths; drv covers what the program reaches and no more', async () => {
    const closure = await hashClosure(store, paths(), [])
    const entry = async (name: string) => ({ name, treeHash: fromHex(await narHash(join(store, name))) })
    const [appEntry, libEntry, otherEntry] = [await entry(app), await entry(lib), await entry(other)]
    expect(toHex(closure.hash)).toBe(toHex(closureHash([appEntry, libEntry, otherEntry])))
    expect(closure.drvOf(app, 'bin/run')).toEqual(drvOf([appEntry, libEntry], app, 'bin/run'))
    expect(closure.drvOf(other, 'bin/link')).toEqual(
      drvOf([appEntry, libEntry, otherEntry], other, 'bin/link'),
    )
    expect(closure.drvOf(lib, 'so')).toEqual(drvOf([libEntry], lib, 'so'))
  })

  test('that leaves out what it refers to is refused, by name', async () => {
    const open = hashClosure(store, [join(store, app)], [])
    await expect(open).rejects.toMatchObject({ code: 'CLOSURE_OPEN', rule: expect.stringContaining(lib) })
    await expect(hashClosure(store, [join(store, app)], [lib])).resolves.toMatchObject({
      entries: [{ name: app }],
    })
  })

  test.each([
    ['outside the store', '/etc/passwd'],
    ['that is the store', ''],
    ['that leads out of it', '../escape'],
    ['inside a store path', `${named('1', 'app')}/bin`],
    ['that is not there', named('9', 'nothing')],
  ])('with a path %s is refused', async (_, path) => {
    const listed = path.startsWith('/') ? path : `${store}/${path}`
    await expect(hashClosure(store, [listed], [])).rejects.toMatchObject({ code: 'STORE_PATH_MALFORMED' })
  })

  test('has programs that are files in it', async () => {
    const closure = await hashClosure(store, paths(), [])
    expect(await programIn(store, join(store, app, 'bin/run'), closure)).toEqual({
      name: app,
      program: 'bin/run',
    })
    expect(await programIn(store, join(store, other, 'bin/link'), closure)).toMatchObject({ name: other })
    const none = [
      join(store, app, 'bin'),
      join(store, app),
      join(store, app, 'bin/none'),
      '/bin/sh',
      join(store, app, '../../x'),
    ]
    for (const path of none)
      await expect(programIn(store, path, closure), path).rejects.toMatchObject({
        code: 'STORE_PATH_MALFORMED',
      })
  })
})

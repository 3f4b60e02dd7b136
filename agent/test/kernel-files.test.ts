import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { kernelFiles } from '../node/providers/index.js'
import { newFolder } from '../testing/stores.js'

// The four calls by which the agent talks to configfs, on a file system that is there. The rest is the fake's.

let folder: string
beforeEach(async () => {
  folder = await newFolder()
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const there = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

test('an entry is made once, and taken away', async () => {
  const entry = join(folder, 'entry')
  await kernelFiles.mkdir(entry)
  await expect(kernelFiles.mkdir(entry)).rejects.toMatchObject({ code: 'EEXIST' })
  await kernelFiles.rmdir(entry)
  expect(await there(entry)).toBe(false)
  await expect(kernelFiles.rmdir(entry)).rejects.toMatchObject({ code: 'ENOENT' })
  await expect(kernelFiles.mkdir(join(entry, 'below'))).rejects.toMatchObject({ code: 'ENOENT' })
})

test('an entry that holds something stays: it is no tree that is deleted', async () => {
  await mkdir(join(folder, 'entry'))
  await writeFile(join(folder, 'entry', 'inblob'), '')
  await expect(kernelFiles.rmdir(join(folder, 'entry'))).rejects.toMatchObject({ code: 'ENOTEMPTY' })
})

test('what is written goes to a file that is there, and makes none', async () => {
  const [inblob, bytes] = [join(folder, 'inblob'), Uint8Array.of(0, 1, 0xff)]
  await expect(kernelFiles.write(inblob, bytes)).rejects.toMatchObject({ code: 'ENOENT' })
  expect(await there(inblob)).toBe(false)
  await writeFile(inblob, '')
  await kernelFiles.write(inblob, bytes)
  expect(new Uint8Array(await readFile(inblob))).toEqual(bytes)
})

test('what is read is all of it, as bytes', async () => {
  const outblob = join(folder, 'outblob')
  await expect(kernelFiles.read(outblob)).rejects.toMatchObject({ code: 'ENOENT' })
  const report = Uint8Array.from({ length: 5000 }, (_, i) => i)
  await writeFile(outblob, report)
  expect(await kernelFiles.read(outblob)).toEqual(report)
})

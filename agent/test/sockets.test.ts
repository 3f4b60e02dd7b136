import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, lstat, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type PublicKey, printAnnouncement, VouchError } from '@vouch/protocol'
import { mutatedText } from '@vouch/protocol/testing/mutation'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type AnnouncementSocket, openAnnouncementSocket, SOCKET_LIMITS } from '../node/sockets/announcing.js'
import { assertOwnFolder } from '../node/sockets/folder.js'
import { uidOf } from '../node/sockets/users.js'
import { announce, keyOf, say, UID } from '../testing/agents.js'
import { newFolder } from '../testing/stores.js'

const ACCEPTED = '{"version":1,"accepted":true}\n'
let scratch: string
beforeAll(async () => {
  scratch = await newFolder()
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

describe('an announcement socket', () => {
  const taken: PublicKey[] = []
  let path: string
  let socket: AnnouncementSocket
  /** One that hangs up soon on who says nothing. */
  let hasty: AnnouncementSocket
  const hastyPath = (): string => join(scratch, 'hasty.sock')
  const take = async (key: PublicKey): Promise<void> => {
    if (key.x[0] === keyOf(9).x[0]) throw new VouchError('KEY_CONFLICT', { rule: 'not this one' })
    taken.push(key)
  }
  beforeAll(async () => {
    path = join(scratch, 'a.sock')
    socket = await openAnnouncementSocket(path, take)
    hasty = await openAnnouncementSocket(hastyPath(), take, { ...SOCKET_LIMITS, idleMs: 100 })
  })
  afterAll(async () => {
    await socket.close()
    await hasty.close()
  })
  beforeEach(() => taken.splice(0))

  test('takes a key, line for line', async () => {
    expect(await announce(path, keyOf(1))).toBe(ACCEPTED)
    expect(taken).toEqual([keyOf(1)])
  })

  test('takes a line in pieces, and nothing behind it', async () => {
    const line = `${printAnnouncement({ version: 1, publicKey: keyOf(2) })}\n${printAnnouncement({ version: 1, publicKey: keyOf(3) })}\n`
    const client = connect(path)
    const closed = once(client, 'close')
    let heard = ''
    client.on('data', (piece) => (heard += piece))
    for (let at = 0; at < line.length; at += 40) {
      client.write(line.slice(at, at + 40))
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    await closed
    expect(heard).toBe(ACCEPTED)
    expect(taken).toEqual([keyOf(2)])
  })

  test('lets others in by their own folder alone: everyone who reaches it may write', async () => {
    expect((await lstat(path)).mode & 0o777).toBe(0o666)
  })

  test.each([
    ['no JSON', 'hello\n', 'JSON_MALFORMED'],
    ['another version', '{"version":2,"public_key":{}}\n', 'VERSION_UNKNOWN'],
    [
      'a drv of its own choice',
      `{"drv":"${'00'.repeat(32)}",${printAnnouncement({ version: 1, publicKey: keyOf(1) }).slice(1)}\n`,
      'MEMBER_UNKNOWN',
    ],
    ['a line without end', 'x'.repeat(5000), 'TOO_LARGE'],
    ['what its agent refuses', `${printAnnouncement({ version: 1, publicKey: keyOf(9) })}\n`, 'KEY_CONFLICT'],
  ])('refuses %s, and says why', async (_, text, code) => {
    const { failures } = JSON.parse(await say(path, text)) as { failures: { code: string }[] }
    expect(failures.map((failure) => failure.code)).toEqual([code])
    expect(taken).toEqual([])
  })

  test('hears no half line, and waits for nobody', async () => {
    expect(await say(path, '{"version":1')).toBe('')
    const silent = connect(hastyPath())
    await once(silent, 'close')
    expect(taken).toEqual([])
    expect(await announce(path, keyOf(1))).toBe(ACCEPTED)
  })

  test('takes no more connections than it has hands, and frees them', async () => {
    const many = Array.from({ length: 30 }, () => connect(hastyPath()).on('error', () => undefined))
    await Promise.all(many.map((client) => once(client, 'close')))
    expect(await announce(hastyPath(), keyOf(1))).toBe(ACCEPTED)
  })

  test('is not broken by lines near good ones', async () => {
    const good = printAnnouncement({ version: 1, publicKey: keyOf(4) })
    await fc.assert(
      fc.asyncProperty(mutatedText([good]), async (text) => {
        const [line = ''] = text.split('\n')
        const before = taken.length
        const answer = await say(path, `${line}\n`)
        return answer === ACCEPTED ? taken.length === before + 1 : answer.startsWith('{"failures":')
      }),
      { numRuns: 200 },
    )
    expect(taken.every(({ x }) => x.length === 32)).toBe(true)
  })
})

describe('the place of a socket', () => {
  const nobody = (): Promise<void> => Promise.resolve()
  const holder = (path: string): ChildProcess =>
    spawn(
      process.execPath,
      ['-e', `require('net').createServer().listen(${JSON.stringify(path)},()=>console.log('up'))`],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )

  test('is taken over from a process that died, and not from one that lives', async () => {
    const path = join(scratch, 'held.sock')
    const process = holder(path)
    if (process.stdout) await once(process.stdout, 'data')
    await expect(openAnnouncementSocket(path, nobody)).rejects.toMatchObject({ code: 'SOCKET_TAKEN' })
    process.kill('SIGKILL')
    await once(process, 'exit')
    const socket = await openAnnouncementSocket(path, nobody)
    expect(await announce(path, keyOf(1))).toBe(ACCEPTED)
    await socket.close()
    await expect(lstat(path)).rejects.toThrow()
  })

  test('is not cleared of what is no socket', async () => {
    const path = join(scratch, 'file.sock')
    await writeFile(path, 'precious')
    await expect(openAnnouncementSocket(path, nobody)).rejects.toMatchObject({ code: 'SOCKET_TAKEN' })
    const link = join(scratch, 'link.sock')
    await symlink(path, link)
    await expect(openAnnouncementSocket(link, nobody)).rejects.toMatchObject({ code: 'SOCKET_TAKEN' })
    expect((await lstat(path)).isFile()).toBe(true)
  })

  test('has a path that the system can take', async () => {
    const path = join(scratch, `${'x'.repeat(120)}.sock`)
    await expect(openAnnouncementSocket(path, nobody)).rejects.toMatchObject({
      code: 'CONFIGURATION_UNSOUND',
    })
    await expect(openAnnouncementSocket(join(scratch, 'no/where.sock'), nobody)).rejects.toMatchObject({
      code: 'SOCKET_TAKEN',
    })
  })
})

describe('a folder that is one user’s alone', () => {
  const made = async (name: string, mode = 0o700): Promise<string> => {
    const path = join(scratch, name)
    await mkdir(path)
    await chmod(path, mode)
    return path
  }
  const refused = (folder: string, uid = UID) =>
    expect(assertOwnFolder(folder, uid)).rejects.toMatchObject({ code: 'FOLDER_EXPOSED' })

  test('is taken', async () => {
    await expect(assertOwnFolder(await made('good'), UID)).resolves.toBeUndefined()
  })

  test.each([0o755, 0o710, 0o701, 0o777])('with mode %o is refused', async (mode) => {
    await refused(await made(`mode-${mode}`, mode))
  })

  test('of another user is refused', async () => {
    await refused(await made('stranger'), UID + 1)
  })

  test('behind a link, or as one, or as a file, is refused', async () => {
    const folder = await made('target')
    await mkdir(join(folder, 'inside'), { mode: 0o700 })
    await symlink(folder, join(scratch, 'link'))
    await refused(join(scratch, 'link'))
    await refused(join(scratch, 'link', 'inside'))
    await writeFile(join(scratch, 'plain'), '')
    await refused(join(scratch, 'plain'))
    await refused(join(scratch, 'nothing'))
  })

  test('where others can put another in its place is refused', async () => {
    const above = await made('open', 0o777)
    await mkdir(join(above, 'mine'), { mode: 0o700 })
    await refused(join(above, 'mine'))
    await chmod(above, 0o1777)
    await expect(assertOwnFolder(join(above, 'mine'), UID)).resolves.toBeUndefined()
  })
})

test('users are numbers, or names that the machine knows', async () => {
  expect(await uidOf(1234)).toBe(1234)
  expect(await uidOf('root')).toBe(0)
  await expect(uidOf('nobody-of-that-name')).rejects.toMatchObject({ code: 'CONFIGURATION_UNSOUND' })
})

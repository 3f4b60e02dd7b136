import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { headDigest, printHead, signedHead, toHex, VouchError } from '@vouch/protocol'
import { openSigner } from '../../node/keys/open-signer.js'
import type { Signer } from '../../src/signer.js'

// What keys in a token do, as a process: it prints what happened, for a test to judge. Its argument is a folder.

interface Refusal {
  readonly code: string
  readonly rule: string
  readonly hint: string | undefined
}

interface Signed {
  readonly step: string
  readonly publicKey: string
  readonly digest: string
  readonly signature: string
}

export interface TokenScene {
  readonly opened: { readonly publicKey: string } | Refusal
  readonly heads: string[]
  readonly signatures: Signed[]
  readonly refusals: Record<string, Refusal>
}

const [, , folder = ''] = process.argv
const digest = new Uint8Array(32).fill(9)
const [heads, signatures, refusals]: [string[], Signed[], Record<string, Refusal>] = [[], [], {}]

async function refused(step: string, work: Promise<unknown>): Promise<void> {
  refusals[step] = await work.then(
    () => ({ code: 'NONE', rule: 'it worked', hint: undefined }),
    (error: unknown) => {
      if (error instanceof VouchError) return { code: error.code, rule: error.rule, hint: error.hint }
      throw error
    },
  )
}

async function sign(step: string, signer: Signer, bytes: Uint8Array): Promise<void> {
  const [publicKey, signature] = [toHex(signer.publicKey), toHex(await signer.sign(bytes))]
  signatures.push({ step, publicKey, digest: toHex(bytes), signature })
}

async function signHeads(signer: Signer): Promise<void> {
  const content = { registryId: digest, size: 2, root: 3n, previousRoot: 1n, time: 1000 }
  for (let seq = 0; seq < 16; seq++) {
    const due = { ...content, seq }
    heads.push(printHead(signedHead(due, signer.publicKey, await signer.sign(headDigest(due)))))
  }
  await Promise.all([digest, digest.with(0, 1)].map((bytes) => sign('at one time', signer, bytes)))
}

async function play(): Promise<TokenScene> {
  const pin = join(folder, 'scene-pin')
  await writeFile(pin, '1', { mode: 0o600 })
  await refused('first', openSigner(`pkcs11:token=t;object=o?module-path=/no/such.so&pin-source=file:${pin}`))
  const { first, ...none } = refusals
  if (first !== undefined && /not installed/.test(first.rule)) {
    return { opened: first, heads, signatures, refusals: none }
  }
  delete refusals.first

  const { makeToken } = await import('./tokens.js')
  const token = await makeToken(folder, 'heads; of "ours"')
  for (const label of ['signer', 'twice', 'twice']) token.makeKey(label)
  token.makeKey('other', 'P-256')

  const signer = await openSigner(token.uri('signer'))
  await signHeads(signer)
  const second = await openSigner(token.uri('signer', { type: 'private' }))
  await second.close?.()
  await sign('when another has closed', signer, digest)
  token.endSessions()
  await refused('the session ended', signer.sign(digest))
  await sign('in a new session', signer, digest)

  const wrong = join(folder, 'wrong-pin')
  await writeFile(wrong, '735150\n', { mode: 0o600 })
  const places: readonly (readonly [string, string])[] = [
    ['another token', token.uri('signer', { token: 'another' })],
    ['another serial', token.uri('signer', { serial: '00' })],
    ['no key', token.uri('missing')],
    ['two keys', token.uri('twice')],
    ['another curve', token.uri('other')],
    ['no module', token.uri('signer', { 'module-path': '/no/such.so' })],
  ]
  for (const [step, uri] of places) await refused(step, openSigner(uri))
  token.endSessions() // a token that has let a process in asks it for no PIN
  await refused('a wrong PIN', openSigner(token.uri('signer', { 'pin-source': `file:${wrong}` })))
  await signer.sign(digest).catch(() => undefined)
  await signer.sign(digest)

  token.endSessions()
  token.changePin('another')
  await signer.sign(digest).catch(() => undefined) // the end of the session is noticed
  await refused('a PIN that was changed', signer.sign(digest))
  token.changePin('the same')
  await refused('a PIN that is right again: a signer asks once', signer.sign(digest))
  return { opened: { publicKey: toHex(signer.publicKey) }, heads, signatures, refusals }
}

console.log(JSON.stringify(await play()))

/// <reference path="./pkcs11js.d.ts" />
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { equalBytes, fromHex, shown, textOf, VouchError } from '@vouch/protocol'
import type { Attribute, Handle, PKCS11 } from 'pkcs11js'
import { checkedSigner, type Signer } from '../../src/signer.js'
import { Turns } from '../../src/turns.js'
import { parsePrivateFile } from '../files/private-files.js'
import { parseTokenUri, type TokenUri } from './token-uri.js'

// Numbers of PKCS#11 2.40, by its own names.
const CKF_SERIAL_SESSION = 4
const CKU_USER = 1
const CKO_PUBLIC_KEY = 2
const CKO_PRIVATE_KEY = 3
const CKA_CLASS = 0x000
const CKA_LABEL = 0x003
const CKA_EC_PARAMS = 0x180
const CKA_EC_POINT = 0x181
const CKM_ECDSA = 0x1041
const CKR_USER_ALREADY_LOGGED_IN = 0x100
const CKR_CRYPTOKI_ALREADY_INITIALIZED = 0x191

/** The OBJECT IDENTIFIER of secp256k1 in DER. */
const SECP256K1 = fromHex('06052b8104000a')

/** A session that may sign, with its private key. */
interface Session {
  readonly handle: Handle
  readonly key: Handle
  readonly publicKey: Uint8Array
}

/**
 * A key in a token: a hardware security module, a smart card, SoftHSM. The key never leaves it. A session that ends, as when a
 * module is restarted, is opened again for the next signature.
 */
export async function tokenSigner(where: string): Promise<Signer> {
  const uri = parseTokenUri(where)
  const pin = await parsePrivateFile(uri.pinFile, (file) => textOf(file).replace(/\r?\n$/, ''))
  const module = await loadModule(uri)
  const first = open(module, uri, pin)
  const turns = new Turns() // a session has one signature in hand
  let session: Session | undefined = first
  let barred: unknown
  return checkedSigner({
    publicKey: first.publicKey,
    sign: (digest) =>
      turns.take(async () => {
        // A PIN that was right and no longer is: asked with it once more, a token may lock itself.
        if (barred !== undefined) throw barred
        session ??= open(module, uri, pin, (error) => (barred = error))
        try {
          module.C_SignInit(session.handle, { mechanism: CKM_ECDSA }, session.key)
          return await module.C_SignAsync(session.handle, Buffer.from(digest), Buffer.alloc(64))
        } catch (cause) {
          closeQuietly(module, session)
          session = undefined
          throw unavailable(uri, 'the token did not sign', cause)
        }
      }),
    close: () =>
      turns.take(async () => {
        if (session !== undefined) closeQuietly(module, session)
        session = undefined
      }),
  })
}

async function loadModule(uri: TokenUri): Promise<PKCS11> {
  const { PKCS11: Module } = await import('pkcs11js').catch((cause: unknown) => {
    throw new VouchError(
      'SIGNER_UNAVAILABLE',
      {
        rule: 'keys in tokens need the package pkcs11js, which is not installed',
        hint: 'npm install pkcs11js@2.1.7 where @vouch/host is installed: it is compiled, with make and g++',
      },
      { cause },
    )
  })
  const module = new Module()
  try {
    module.load(uri.modulePath)
    tolerating(CKR_CRYPTOKI_ALREADY_INITIALIZED, () => module.C_Initialize())
    return module
  } catch (cause) {
    throw unavailable(uri, `the module ${shown(uri.modulePath)} did not load`, cause)
  }
}

function open(
  module: PKCS11,
  uri: TokenUri,
  pin: string,
  onRefusedPin: (error: VouchError) => void = () => undefined,
): Session {
  let handle: Handle | undefined
  try {
    handle = module.C_OpenSession(slotOf(module, uri), CKF_SERIAL_SESSION)
    logIn(module, uri, { handle, pin, onRefusedPin })
    return { handle, ...keyIn(module, uri, handle) }
  } catch (cause) {
    if (handle !== undefined) closeQuietly(module, { handle })
    throw cause instanceof VouchError ? cause : unavailable(uri, 'the token did not open', cause)
  }
}

/** The one token of that name. Of two, the wrong one might sign: a copy of a token has its label. */
function slotOf(module: PKCS11, uri: TokenUri): Handle {
  const slots = module.C_GetSlotList(true).filter((slot) => {
    const { label, serialNumber } = module.C_GetTokenInfo(slot)
    return label.trim() === uri.token && [undefined, serialNumber.trim()].includes(uri.serial)
  })
  return theOnly(uri, slots, `a token ${shown(uri.token)}`)
}

interface Login {
  readonly handle: Handle
  readonly pin: string
  readonly onRefusedPin: (error: VouchError) => void
}

/** One attempt: a token locks itself after a few wrong PINs. */
function logIn(module: PKCS11, uri: TokenUri, { handle, pin, onRefusedPin }: Login): void {
  try {
    tolerating(CKR_USER_ALREADY_LOGGED_IN, () => module.C_Login(handle, CKU_USER, pin))
  } catch (cause) {
    const error = unavailable(uri, 'the token did not take the PIN', cause)
    onRefusedPin(error)
    throw error
  }
}

function keyIn(module: PKCS11, uri: TokenUri, session: Handle): Pick<Session, 'key' | 'publicKey'> {
  const label = shown(uri.object)
  const find = (kind: number): readonly Handle[] =>
    found(module, session, [
      { type: CKA_CLASS, value: kind },
      { type: CKA_LABEL, value: uri.object },
    ])
  const key = theOnly(uri, find(CKO_PRIVATE_KEY), `a key ${label}`)
  const publicKey = theOnly(uri, find(CKO_PUBLIC_KEY), `a public key ${label}`)
  const [curve, point] = module.C_GetAttributeValue(session, publicKey, [
    { type: CKA_EC_PARAMS },
    { type: CKA_EC_POINT },
  ])
  return { key, publicKey: compressed(uri, curve?.value, point?.value) }
}

function found(module: PKCS11, session: Handle, template: readonly Attribute[]): readonly Handle[] {
  module.C_FindObjectsInit(session, template)
  try {
    return module.C_FindObjects(session, 2)
  } finally {
    module.C_FindObjectsFinal(session)
  }
}

/** The point is an OCTET STRING of 65 bytes in DER. */
function compressed(uri: TokenUri, curve: Buffer | undefined, point: Buffer | undefined): Uint8Array {
  if (curve === undefined || point === undefined || !equalBytes(curve, SECP256K1)) {
    throw unavailable(uri, 'the key must be on the curve secp256k1')
  }
  return secp256k1.Point.fromBytes(new Uint8Array(point.subarray(2))).toBytes(true)
}

function theOnly(uri: TokenUri, handles: readonly Handle[], what: string): Handle {
  const [handle, ...others] = handles
  if (handle !== undefined && others.length === 0) return handle
  throw unavailable(uri, `there must be ${what}, and one alone`)
}

/** Does something that may have been done already: by another signer of this process. */
function tolerating(code: number, work: () => void): void {
  try {
    work()
  } catch (error) {
    if (codeOf(error) !== code) throw error
  }
}

function closeQuietly(module: PKCS11, { handle }: Pick<Session, 'handle'>): void {
  try {
    module.C_CloseSession(handle)
  } catch {
    // it has ended already
  }
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined

/** Of what a module says, the code alone is shown: it is the standard's, and holds nothing secret. */
function unavailable({ token }: TokenUri, rule: string, cause?: unknown): VouchError {
  const code = codeOf(cause)
  const number = typeof code === 'number' && code > 0 ? `, CKR 0x${code.toString(16)}` : ''
  return new VouchError(
    'SIGNER_UNAVAILABLE',
    {
      rule,
      given: `token ${shown(token)}${number}`,
      hint: 'nothing was signed: see what the token holds, for example by pkcs11-tool --list-objects',
    },
    { cause },
  )
}

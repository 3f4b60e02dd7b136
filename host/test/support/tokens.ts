/// <reference path="../../node/keys/pkcs11js.d.ts" />
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { PKCS11 } from 'pkcs11js'

const MODULE = '/usr/lib/softhsm/libsofthsm2.so'
const PIN = '493817'
const OTHER_PIN = '271828'
/** A session in which keys are made. */
const READ_WRITE = 6

export interface Token {
  /** The file with the PIN. */
  readonly pinFile: string
  /** What the standard calls the key that has this label. */
  uri(object: string, changes?: Readonly<Record<string, string>>): string
  /** Makes a key in the token. */
  makeKey(label: string, curve?: 'secp256k1' | 'P-256'): void
  /** Ends every session with the token, as a module does that is restarted. */
  endSessions(): void
  /** Gives the token another PIN than the file has, or the one that the file has. */
  changePin(to: 'another' | 'the same'): void
}

/** A token of SoftHSM, in a folder of its own. It is this process's: the module looks up its folder in the environment. */
export async function makeToken(parent: string, label: string): Promise<Token> {
  const folder = await mkdtemp(join(parent, 'token-'))
  await mkdir(join(folder, 'tokens'))
  const configuration = join(folder, 'softhsm2.conf')
  await writeFile(
    configuration,
    `directories.tokendir = ${join(folder, 'tokens')}\nobjectstore.backend = file\n`,
  )
  process.env.SOFTHSM2_CONF = configuration
  const words = ['--init-token', '--free', '--label', label, '--so-pin', '927461', '--pin', PIN]
  await promisify(execFile)('softhsm2-util', words)
  const pinFile = join(folder, 'pin')
  await writeFile(pinFile, `${PIN}\n`, { mode: 0o600 })
  const module = await loadModule()
  const slotOf = (): Buffer => {
    const slot = module.C_GetSlotList(true).find((one) => module.C_GetTokenInfo(one).label.trim() === label)
    if (slot === undefined) throw new Error('the token is not there')
    return slot
  }
  return {
    pinFile,
    uri: (object, changes = {}) => {
      const all = { token: label, object, 'module-path': MODULE, 'pin-source': `file:${pinFile}`, ...changes }
      const { 'module-path': path, 'pin-source': pin, ...inPath } = all
      const words = Object.entries(inPath).map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
      return `pkcs11:${words.join(';')}?module-path=${path}&pin-source=${pin}`
    },
    makeKey: (object, curve = 'secp256k1') => generate(module, slotOf(), object, curve),
    endSessions: () => module.C_CloseAllSessions(slotOf()),
    changePin: (to) => {
      const [old, next] = to === 'another' ? [PIN, OTHER_PIN] : [OTHER_PIN, PIN]
      const session = module.C_OpenSession(slotOf(), READ_WRITE)
      module.C_Login(session, 1, old)
      module.C_SetPIN(session, old, next)
      module.C_CloseSession(session)
    },
  }
}

/** The whole binding: the part that the project uses makes no keys. */
interface WholeModule extends PKCS11 {
  C_CloseAllSessions(slot: Buffer): void
  C_SetPIN(session: Buffer, old: string, next: string): void
  C_GenerateKeyPair(
    session: Buffer,
    mechanism: { readonly mechanism: number },
    publicTemplate: readonly object[],
    privateTemplate: readonly object[],
  ): unknown
}

async function loadModule(): Promise<WholeModule> {
  const { PKCS11: Module } = await import('pkcs11js')
  const module = new Module() as WholeModule
  module.load(MODULE)
  module.C_Initialize()
  return module
}

const CURVES = { secp256k1: '06052b8104000a', 'P-256': '06082a8648ce3d030107' }

function generate(module: WholeModule, slot: Buffer, label: string, curve: keyof typeof CURVES): void {
  const session = module.C_OpenSession(slot, READ_WRITE)
  module.C_Login(session, 1, PIN)
  const [onToken, named] = [
    { type: 0x001, value: true },
    { type: 0x003, value: label },
  ]
  const params = { type: 0x180, value: Buffer.from(CURVES[curve], 'hex') }
  const [signs, verifies, hidden] = [0x108, 0x10a, 0x103].map((type) => ({ type, value: true })) as [
    object,
    object,
    object,
  ]
  module.C_GenerateKeyPair(
    session,
    { mechanism: 0x1040 },
    [onToken, named, params, verifies],
    [onToken, named, signs, hidden],
  )
  module.C_CloseSession(session)
}

import { execFile } from 'node:child_process'
import { copyFile, mkdir, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** Where the optional peer of @vouch/host stands for as long as a test runs. Nothing else in the project has it. */
const PEER = here('../../node_modules/pkcs11js')

/** Takes away what a test that was killed has left there. */
export const removePeer = (): Promise<void> => rm(PEER, { force: true })

/** Compiles the binding in a folder of its own, and puts it where @vouch/host finds it. */
export async function installPeer(folder: string): Promise<void> {
  for (const file of ['package.json', 'package-lock.json']) {
    await copyFile(here(`../pkcs11/${file}`), join(folder, file))
  }
  const install = ['ci', '--prefer-offline', '--no-audit', '--no-fund']
  await promisify(execFile)('npm', install, { cwd: folder })
  await mkdir(here('../../node_modules'), { recursive: true })
  await removePeer()
  await symlink(join(folder, 'node_modules/pkcs11js'), PEER)
}

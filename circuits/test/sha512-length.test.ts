import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CompileError } from '../build/compile.js'
import { CIRCUITS_FOLDER } from '../testing/crates.js'
import { compileSource } from '../testing/tampering.js'

// SHA-512 here has one block. A longer message would be hashed without its end, so it must not compile.

const hashing = (bytes: number): string =>
  `fn main(message: [u8; ${bytes}]) -> pub [u8; 64] { vouch_sha512::sha512(message) }`
const libraries = { vouch_sha512: join(CIRCUITS_FOLDER, 'lib/sha512') }

test('a message of 111 bytes fits one block', async () => {
  await expect(compileSource(hashing(111), libraries)).resolves.toBeDefined()
})

test.each([112, 128, 129])('a message of %i bytes does not compile', async (bytes) => {
  const refusal = await compileSource(hashing(bytes), libraries).catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(CompileError)
  expect(String(refusal)).toContain('sha512: message does not fit one block')
})

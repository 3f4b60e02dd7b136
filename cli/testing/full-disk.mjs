import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'

// Loaded before a program: from the moment that a file is there, the disk has room left in the database's last blocks, and for no whole file.

const file = await open('/dev/null')
const handle = Object.getPrototypeOf(file)
await file.close()
const { writeFile } = handle
handle.writeFile = function full(...args) {
  if (!existsSync(process.env.FULL_DISK ?? '')) return writeFile.apply(this, args)
  return Promise.reject(Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'write' }))
}

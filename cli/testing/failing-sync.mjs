import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'

// Loaded before a program: from the moment that a file is there, no disk says that it has what was written.

const file = await open('/dev/null')
const handle = Object.getPrototypeOf(file)
await file.close()
const { datasync } = handle
handle.datasync = function failing() {
  if (!existsSync(process.env.FAILING_SYNC ?? '')) return datasync.call(this)
  return Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'fdatasync' }))
}

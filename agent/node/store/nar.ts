import { constants } from 'node:fs'
import { lstat, open, readdir, readlink } from 'node:fs/promises'
import { shown, VouchError } from '@vouch/protocol'

/** Takes the serialisation piece by piece. A piece is only good until the call returns. */
export type Sink = (piece: Uint8Array) => void

const PIECE = 1 << 20
const OWNER_EXECUTE = 0o100
const SEPARATOR = Buffer.from('/')

/**
 * Writes a path as Nix's archive format has it (Dolstra, "The Purely Functional Software Deployment Model", figure 5.2):
 * contents, names in the order of their bytes, links as they are, and whether a file may be executed. Owners, times and all
 * other modes are left out. Of everything else that a folder may hold there is no serialisation.
 */
export async function writeNar(path: string, sink: Sink): Promise<void> {
  const out = new NarWriter(sink)
  out.text('nix-archive-1')
  await writeNode(Buffer.from(path), out)
  out.flush()
}

async function writeNode(path: Buffer, out: NarWriter): Promise<void> {
  const info = await lstat(path).catch((cause: unknown) => {
    throw malformed(path, 'a store path must be there and readable', cause)
  })
  out.text('(')
  out.text('type')
  if (info.isSymbolicLink()) {
    out.text('symlink')
    out.text('target')
    out.bytes(await readlink(path, { encoding: 'buffer' }))
  } else if (info.isDirectory()) {
    out.text('directory')
    await writeEntries(path, out)
  } else if (info.isFile()) {
    await writeFile(path, out)
  } else {
    throw malformed(path, 'a store path must hold nothing but files, folders and links')
  }
  out.text(')')
}

async function writeEntries(path: Buffer, out: NarWriter): Promise<void> {
  const names = await readdir(path, { encoding: 'buffer' })
  for (const name of names.sort(Buffer.compare)) {
    out.text('entry')
    out.text('(')
    out.text('name')
    out.bytes(name)
    out.text('node')
    await writeNode(Buffer.concat([path, SEPARATOR, name]), out)
    out.text(')')
  }
}

async function writeFile(path: Buffer, out: NarWriter): Promise<void> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const info = await file.stat()
    if (!info.isFile()) throw malformed(path, 'a file must stay a file while it is read')
    out.text('regular')
    if ((info.mode & OWNER_EXECUTE) !== 0) {
      out.text('executable')
      out.text('')
    }
    out.text('contents')
    out.start(info.size)
    const buffer = Buffer.allocUnsafe(Math.min(PIECE, Math.max(1, info.size)))
    let left = info.size
    while (left > 0) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, left))
      if (bytesRead === 0) throw malformed(path, 'a file must not shrink while it is read')
      out.raw(buffer.subarray(0, bytesRead))
      left -= bytesRead
    }
    out.pad(info.size)
  } finally {
    await file.close()
  }
}

/** Strings with their length before them, and zeros behind up to a multiple of eight. Small pieces go out together. */
class NarWriter {
  private readonly pending = Buffer.allocUnsafe(1 << 16)
  private filled = 0
  private readonly sink: Sink

  constructor(sink: Sink) {
    this.sink = sink
  }

  text(text: string): void {
    this.bytes(Buffer.from(text))
  }

  bytes(bytes: Uint8Array): void {
    this.start(bytes.length)
    this.raw(bytes)
    this.pad(bytes.length)
  }

  start(length: number): void {
    const prefix = Buffer.alloc(8)
    prefix.writeBigUInt64LE(BigInt(length))
    this.raw(prefix)
  }

  pad(length: number): void {
    this.raw(new Uint8Array((8 - (length % 8)) % 8))
  }

  raw(bytes: Uint8Array): void {
    if (this.filled + bytes.length > this.pending.length) this.flush()
    if (bytes.length > this.pending.length) {
      this.sink(bytes)
    } else {
      this.pending.set(bytes, this.filled)
      this.filled += bytes.length
    }
  }

  flush(): void {
    if (this.filled > 0) this.sink(this.pending.subarray(0, this.filled))
    this.filled = 0
  }
}

function malformed(path: Buffer, rule: string, cause?: unknown): VouchError {
  return new VouchError('STORE_PATH_MALFORMED', { rule, given: shown(path.toString()) }, { cause })
}

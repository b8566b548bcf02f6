// The disk as the log sees it: the few things it does to files, so that tests can let any of them
// fail. Files are 0600 and directories 0700; on Windows their owner alone may enter them.

import { execFile } from 'node:child_process'
import * as fs from 'node:fs'
import { constants } from 'node:fs'
import * as fsp from 'node:fs/promises'
import { userInfo } from 'node:os'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { lockFile, type Release } from './lock.ts'

/**
 * Which file or directory it is, for as long as it lives. A copy is another one, and so is what was
 * restored from a backup. `born` is null where the file system does not keep it.
 */
export interface Identity {
  readonly inode: string
  readonly born: string | null
}

/** What a path names; a symbolic link is not followed. */
export interface DiskEntry extends Identity {
  readonly kind: EntryKind
  readonly size: number
}
export type EntryKind = 'file' | 'directory' | 'other'

/** A file that only grows. */
export interface DiskFile {
  /** Writes all of `bytes` behind what is there. */
  append(bytes: Uint8Array): Promise<void>
  /** Resolves when everything appended is on the medium. */
  sync(): Promise<void>
  /** Its length now; null when the file has been removed under us. */
  length(): number | null
  inode(): string
  close(): Promise<void>
}

export interface Disk {
  /** Makes a directory and those above it. */
  makeDir(path: string): Promise<void>
  /** Names in a directory; none when it does not exist. */
  list(path: string): Promise<readonly string[]>
  /** Names in a directory and what each is; none when it does not exist. */
  scan(path: string): Promise<readonly { readonly name: string; readonly kind: EntryKind }[]>
  /** What a path names; null when there is nothing. */
  entry(path: string): Promise<DiskEntry | null>
  /** Makes a new file; rejects with EEXIST when there is one. */
  create(path: string): Promise<DiskFile>
  /** Opens a file for appending; rejects with ENOENT when there is none. */
  append(path: string): Promise<DiskFile>
  /** Length in bytes; null when there is none. */
  size(path: string): Promise<number | null>
  /**
   * The bytes from `from` to the length that the file has now, in chunks. Only a regular file is read:
   * a link, a pipe or a device is refused at once.
   */
  read(path: string, from?: number): AsyncIterable<Uint8Array>
  rename(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
  /** Makes created, renamed and removed names of a directory durable. */
  syncDir(path: string): Promise<void>
  /** Bytes that may still be written below a directory; null when nobody can say. */
  free(path: string): Promise<number | null>
  /** Keeps other processes out until the release is called; rejects with Locked. */
  lock(path: string): Promise<Release>
}

/** The code of a system error (`ENOSPC`), or its message. */
export function errorCode(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown }
  return typeof code === 'string' ? code : String(message ?? error)
}

export async function readAll(disk: Disk, path: string, from = 0): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of disk.read(path, from)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Whether two are the same; where birth times are kept an inode that was used again is told apart. */
export function sameIdentity(a: Identity, b: Identity): boolean {
  return a.inode === b.inode && (a.born === null || b.born === null || a.born === b.born)
}

/**
 * Writes a whole file durably, or leaves the old one. Where several processes may write the same file,
 * each names its own `temporary`.
 */
export async function replaceFile(
  disk: Disk,
  path: string,
  bytes: Uint8Array,
  temporary = `${path}.new`,
): Promise<void> {
  await disk.remove(temporary)
  const file = await disk.create(temporary)
  try {
    await file.append(bytes)
    await file.sync()
  } catch (error) {
    await file.close().catch(() => {})
    await disk.remove(temporary).catch(() => {})
    throw error
  }
  await file.close()
  await disk.rename(temporary, path)
  await disk.syncDir(dirname(path))
}

class NodeFile implements DiskFile {
  readonly #fd: number

  constructor(fd: number) {
    this.#fd = fd
  }

  append(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const next = (from: number) => {
        fs.write(this.#fd, bytes, from, bytes.length - from, null, (error, written) => {
          if (error) reject(error)
          else if (from + written < bytes.length) next(from + written)
          else resolve()
        })
      }
      next(0)
    })
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.fdatasync(this.#fd, (error) => (error ? reject(error) : resolve()))
    })
  }

  length(): number | null {
    const { nlink, size } = fs.fstatSync(this.#fd)
    return nlink > 0 ? size : null
  }

  inode(): string {
    return String(fs.fstatSync(this.#fd, { bigint: true }).ino)
  }

  close(): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.close(this.#fd, (error) => (error ? reject(error) : resolve()))
    })
  }
}

const open = (path: string, flags: number) =>
  new Promise<DiskFile>((resolve, reject) => {
    fs.open(path, flags, 0o600, (error, fd) => (error ? reject(error) : resolve(new NodeFile(fd))))
  })

/** Windows knows no modes: the directory and what comes into it get one entry, its owner's. */
async function ownersOnly(path: string): Promise<void> {
  if (process.platform !== 'win32') return
  const grant = `${userInfo().username}:(OI)(CI)F`
  await promisify(execFile)('icacls', [path, '/inheritance:r', '/grant:r', grant])
}

/** Step by step: Node's own recursion hides why a file system refuses. */
async function makeDirectory(path: string): Promise<void> {
  const make = () =>
    fsp.mkdir(path, { mode: 0o700 }).then(
      () => ownersOnly(path),
      (error: unknown) => {
        if (errorCode(error) !== 'EEXIST') throw error
      },
    )
  try {
    await make()
  } catch (error) {
    const parent = dirname(path)
    if (!missing(error) || parent === path) throw error
    await makeDirectory(parent)
    await make()
  }
}

const missing = (error: unknown) => errorCode(error) === 'ENOENT'

/** Opens only what is named itself, and does not wait for the other end of a pipe. */
const GUARDED = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

function kindOf(entry: { isFile(): boolean; isDirectory(): boolean }): EntryKind {
  if (entry.isFile()) return 'file'
  return entry.isDirectory() ? 'directory' : 'other'
}

async function* readRegular(path: string, from: number): AsyncIterable<Uint8Array> {
  const handle = await fsp.open(path, constants.O_RDONLY | GUARDED)
  try {
    const stat = await handle.stat()
    if (!stat.isFile()) {
      throw Object.assign(new Error(`${path} is no regular file`), { code: 'ENOTFILE' })
    }
    if (stat.size <= from) return
    const end = stat.size - 1
    yield* handle.createReadStream({
      start: from,
      end,
      highWaterMark: 1 << 20,
      autoClose: false,
    }) as AsyncIterable<Uint8Array>
  } finally {
    await handle.close()
  }
}

export const nodeDisk: Disk = {
  makeDir: makeDirectory,
  async list(path) {
    try {
      return await fsp.readdir(path)
    } catch (error) {
      if (missing(error)) return []
      throw error
    }
  },
  async scan(path) {
    try {
      const all = await fsp.readdir(path, { withFileTypes: true })
      return all.map((entry) => ({ name: entry.name, kind: kindOf(entry) }))
    } catch (error) {
      if (missing(error)) return []
      throw error
    }
  },
  async entry(path) {
    try {
      const stat = await fsp.lstat(path, { bigint: true })
      // Where no birth time is kept it is 0, or the time of the last change.
      const kept = stat.birthtimeNs > 0n && stat.birthtimeNs !== stat.ctimeNs
      const born = kept ? String(stat.birthtimeNs) : null
      return { kind: kindOf(stat), size: Number(stat.size), inode: String(stat.ino), born }
    } catch (error) {
      if (missing(error) || errorCode(error) === 'ENOTDIR') return null
      throw error
    }
  },
  create: (path) =>
    open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_EXCL),
  append: (path) => open(path, constants.O_WRONLY | constants.O_APPEND | GUARDED),
  async size(path) {
    try {
      return (await fsp.stat(path)).size
    } catch (error) {
      if (missing(error)) return null
      throw error
    }
  },
  read: (path, from = 0) => readRegular(path, from),
  rename: (from, to) => fsp.rename(from, to),
  remove: (path) => fsp.rm(path, { force: true }),
  async syncDir(path) {
    // Windows has no way to sync a directory.
    if (process.platform === 'win32') return
    const handle = await fsp.open(path, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  },
  free: (path) =>
    fsp.statfs(path).then(
      (fs) => fs.bavail * fs.bsize,
      () => null,
    ),
  lock: lockFile,
}

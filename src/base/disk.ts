// The disk as the log sees it: the few things it does to files, so that tests can let any of them
// fail. Files are 0600 and directories 0700; on Windows their owner alone may enter them.

import { execFile } from 'node:child_process'
import * as fs from 'node:fs'
import { constants } from 'node:fs'
import * as fsp from 'node:fs/promises'
import { userInfo } from 'node:os'
import { dirname } from 'node:path'
import { promisify } from 'node:util'

/** A file that only grows. */
export interface DiskFile {
  /** Writes all of `bytes` behind what is there. */
  append(bytes: Uint8Array): Promise<void>
  /** Resolves when everything appended is on the medium. */
  sync(): Promise<void>
  /** Its length now; null when the file has been removed under us. */
  length(): number | null
  close(): Promise<void>
}

export interface Disk {
  /** Makes a directory and those above it. */
  makeDir(path: string): Promise<void>
  /** Names in a directory; none when it does not exist. */
  list(path: string): Promise<readonly string[]>
  /** Makes a new file; rejects with EEXIST when there is one. */
  create(path: string): Promise<DiskFile>
  /** Opens a file for appending; rejects with ENOENT when there is none. */
  append(path: string): Promise<DiskFile>
  /** Length in bytes; null when there is none. */
  size(path: string): Promise<number | null>
  /** The bytes from `from` on, in chunks; rejects with ENOTFILE when it is no regular file. */
  read(path: string, from?: number): AsyncIterable<Uint8Array>
  rename(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
  /** Makes created, renamed and removed names of a directory durable. */
  syncDir(path: string): Promise<void>
  /** Bytes that may still be written below a directory; null when nobody can say. */
  free(path: string): Promise<number | null>
  /** Keeps other processes out until the release is called; rejects with code ELOCKED. */
  lock(path: string): Promise<() => Promise<void>>
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

/** Writes a whole file durably, or leaves the old one. */
export async function replaceFile(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.new`
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

/** Waits for nobody at the other end of a pipe, and for no end of a device that has none. */
async function* readRegular(path: string, from = 0): AsyncIterable<Uint8Array> {
  const file = await fsp.open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    if (!(await file.stat()).isFile())
      throw Object.assign(new Error(`${path} is no regular file`), { code: 'ENOTFILE' })
    yield* file.createReadStream({ start: from, highWaterMark: 1 << 20, autoClose: false })
  } finally {
    await file.close()
  }
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
  create: (path) =>
    open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_EXCL),
  append: (path) => open(path, constants.O_WRONLY | constants.O_APPEND),
  async size(path) {
    try {
      return (await fsp.stat(path)).size
    } catch (error) {
      if (missing(error)) return null
      throw error
    }
  },
  read: readRegular,
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

/** Which process this is, so that a lock left by a dead one is not mistaken for a living one's. */
async function processMark(pid: number): Promise<string | null> {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return null
  }
  try {
    const boot = await fsp.readFile('/proc/sys/kernel/random/boot_id', 'utf8')
    const stat = await fsp.readFile(`/proc/${pid}/stat`, 'utf8')
    // The start time is the 22nd field; the second, in brackets, may hold anything.
    return `${pid} ${boot.trim()} ${stat.slice(stat.lastIndexOf(')')).split(' ')[20]}`
  } catch (error) {
    return process.platform === 'linux' && missing(error) ? null : `${pid}`
  }
}

async function lockFile(path: string): Promise<() => Promise<void>> {
  const own = (await processMark(process.pid)) ?? String(process.pid)
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      await fsp.writeFile(path, own, { flag: 'wx', mode: 0o600 })
      return () => fsp.rm(path, { force: true })
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error
    }
    const held = await fsp.readFile(path, 'utf8').catch(() => '')
    const alive = held === '' ? null : await processMark(Number(held.split(' ')[0]))
    if (alive !== null && alive === held) {
      const message = `Another bridge (process ${held.split(' ')[0]}) is writing this audit log.`
      throw Object.assign(new Error(message), { code: 'ELOCKED' })
    }
    await fsp.rm(path, { force: true })
  }
  throw Object.assign(new Error('The audit log could not be locked.'), { code: 'ELOCKED' })
}

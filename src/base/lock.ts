// What keeps two processes from doing the same thing. A lock is held by a file, which names its process,
// or by a name that only one process of this computer can listen on. Either is free again when its
// process has died, however that happened.
import { createHash } from 'node:crypto'
import * as fs from 'node:fs/promises'
import { createServer, type Server } from 'node:net'

/** Frees the lock. */
export type Release = () => Promise<void>

/** Somebody else holds the lock. */
export class Locked extends Error {
  readonly code = 'ELOCKED'
  /** The process that has it; null when that is not known. */
  readonly holder: number | null

  constructor(what: string, holder: number | null) {
    super(`${what} is held by ${holder === null ? 'another process' : `process ${holder}`}.`)
    this.holder = holder
  }
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code

/** Takes a lock file; rejects with Locked while a living process has it, and takes it from a dead one. */
export async function lockFile(path: string): Promise<Release> {
  const own = (await processMark(process.pid)) ?? String(process.pid)
  for (let attempt = 0; attempt < 3; attempt += 1) {
    if (await place(path, own)) return () => fs.rm(path, { force: true })
    const held = await content(path)
    const pid = Number(held.split(' ')[0])
    const alive = held === '' ? null : await processMark(pid)
    if (alive !== null && alive === held) throw new Locked(path, pid)
    await removeLeft(path, held)
  }
  throw new Locked(path, null)
}

/** What a lock file says; nothing when it is no file, or a link that points nowhere. */
const content = (path: string) => fs.readFile(path, 'utf8').catch(() => '')

let count = 0
const besides = (path: string) => {
  count += 1
  return `${path}.${process.pid}-${count}`
}

/** Whether the file was not there and now is, with the mark in it: it is never seen empty. */
async function place(path: string, mark: string): Promise<boolean> {
  const made = besides(path)
  await fs.writeFile(made, mark, { flag: 'wx', mode: 0o600 })
  try {
    await fs.link(made, path)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    // A file system without links.
    return await fs.writeFile(path, mark, { flag: 'wx', mode: 0o600 }).then(
      () => true,
      (second: unknown) => {
        if (codeOf(second) === 'EEXIST') return false
        throw second
      },
    )
  } finally {
    await fs.rm(made, { force: true })
  }
}

/**
 * Removes what a dead process left. One process at a time looks and removes, so that none removes the lock
 * that another has taken meanwhile. Rejects with Locked while another one does that.
 */
async function removeLeft(path: string, held: string): Promise<void> {
  const release = await lockName(`left ${path}`)
  try {
    // What is not there now may be taken at any moment; what is there, only whoever looks may remove.
    const there = await fs.lstat(path).catch(() => null)
    if (there && (await content(path)) === held) await fs.rm(path, { force: true })
  } finally {
    await release()
  }
}

/** Which process this is, so that a lock left by a dead one is not mistaken for a living one's. */
async function processMark(pid: number): Promise<string | null> {
  if (!Number.isInteger(pid) || pid <= 0) return null
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return null
  }
  try {
    const boot = await fs.readFile('/proc/sys/kernel/random/boot_id', 'utf8')
    const stat = await fs.readFile(`/proc/${pid}/stat`, 'utf8')
    // The start time is the 22nd field; the second, in brackets, may hold anything.
    return `${pid} ${boot.trim()} ${stat.slice(stat.lastIndexOf(')')).split(' ')[20]}`
  } catch (error) {
    return process.platform === 'linux' && codeOf(error) === 'ENOENT' ? null : `${pid}`
  }
}

/**
 * Takes a name on this computer; rejects with Locked while another holder, of this process or another,
 * has it. Where the system has no such names, as on macOS, every taker gets it.
 */
export async function lockName(name: string): Promise<Release> {
  const address = addressOf(name)
  if (address === null) return async () => {}
  const server = createServer((socket) => socket.destroy())
  try {
    await listen(server, address)
  } catch (error) {
    const code = codeOf(error)
    if (code === 'EADDRINUSE' || code === 'EACCES') throw new Locked(name, null)
    throw error
  }
  server.unref()
  return () => new Promise((resolve) => void server.close(() => resolve()))
}

const listen = (server: Server, address: string) =>
  new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(address, resolve)
  })

function addressOf(name: string): string | null {
  // A leading NUL: Linux's abstract namespace.
  if (process.platform === 'linux') return `\0wandbridge/${name}`
  if (process.platform !== 'win32') return null
  const short = createHash('sha256').update(name).digest('hex').slice(0, 16)
  return `\\\\.\\pipe\\wandbridge-${short}`
}

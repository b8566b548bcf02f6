// Where a bridge is reached on this computer: a socket in its state directory, for its owner only.
import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

/** Longest path of a Unix socket that every system takes (macOS: 104 with its final NUL). */
const SOCKET_MAX = 100

/**
 * The socket of a state directory. Where its path is too long for a socket it lies in a directory of
 * this user under the system's temporary one, named after the state directory.
 * Throws when that directory belongs to somebody else.
 */
export function controlAddress(stateDir: string): string {
  const name = createHash('sha256').update(stateDir).digest('hex').slice(0, 16)
  if (process.platform === 'win32') return `\\\\.\\pipe\\wandbridge-${name}`
  const path = join(stateDir, 'control.sock')
  if (Buffer.byteLength(path) <= SOCKET_MAX) return path
  const { uid } = userInfo()
  const own = join(tmpdir(), `wandbridge-${uid}`)
  mkdirSync(own, { recursive: true, mode: 0o700 })
  const found = lstatSync(own)
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o077) !== 0) {
    throw new Error(`${own} is not a directory of this user alone; remove it and start again.`)
  }
  return join(own, `${name}.sock`)
}

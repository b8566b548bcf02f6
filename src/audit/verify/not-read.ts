// Why a file could not be read: what the system refuses says nothing about the log, what is no file of
// a log, or cannot be unpacked, does.
import { errorCode } from '../../base/disk.ts'

export function notRead(error: unknown): { readonly reason: string; readonly unread: boolean } {
  const code = errorCode(error)
  if (code === 'ENOTFILE' || code === 'ELOOP')
    return { reason: 'it is no regular file', unread: false }
  if (code === 'ENOTDIR') return { reason: 'it is no directory', unread: false }
  if (code.startsWith('Z_')) return { reason: `it cannot be unpacked: ${code}`, unread: false }
  return { reason: `it cannot be read: ${code}`, unread: true }
}

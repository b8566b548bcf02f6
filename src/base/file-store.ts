// A small text that is kept in a file of the state directory: replaced as a whole, or not at all.
import { mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { nodeDisk, replaceFile } from './disk.ts'

export interface FileStore {
  /** Null = there is nothing yet. Rejects when it cannot be read. */
  load(): Promise<string | null>
  save(text: string): Promise<void>
}

export function fileStore(path: string): FileStore {
  return {
    load: () =>
      readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return null
        throw error
      }),
    async save(text) {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      await replaceFile(nodeDisk, path, Buffer.from(text))
    },
  }
}

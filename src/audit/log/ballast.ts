// Room kept on the disk beside a log, given up for the closing records when the disk is full.

import { join } from 'node:path'
import type { Disk } from '../../base/disk.ts'
import { overlooked } from '../../base/failures.ts'

export class Ballast {
  readonly #disk: Disk
  readonly #bytes: number
  #path: string | null = null
  /** The closing records need the room until the end. */
  #given = false

  constructor(disk: Disk, bytes: number) {
    this.#disk = disk
    this.#bytes = bytes
  }

  /** Keeps the room in the log's directory, if there is any. */
  async fill(dir: string): Promise<void> {
    if (this.#given) return
    const path = join(dir, 'ballast')
    this.#path = path
    try {
      if ((await this.#disk.size(path)) !== null) return
      const file = await this.#disk.create(path)
      await file.append(Buffer.alloc(this.#bytes))
      await file.sync()
      await file.close()
    } catch (error) {
      // There is no room for it now; the next start tries again.
      overlooked('audit-ballast', error)
      await this.#disk.remove(path).catch(() => {})
    }
  }

  /** Gives the room up; true if there was any. */
  async free(): Promise<boolean> {
    this.#given = true
    if (this.#path === null) return false
    const had = (await this.#disk.size(this.#path).catch(() => null)) !== null
    if (had) await this.#disk.remove(this.#path).catch(() => {})
    return had
  }
}

// Whether anything has happened in a directory, without asking the disk each time. On Linux the kernel tells what
// happens in order: what was done in the directory before a request came in is known one turn of the event loop
// later. Elsewhere, and where the kernel takes no further watch, the directory is never said to be quiet.
import { type FSWatcher, watch } from 'node:fs'
import { basename } from 'node:path'
import { turn } from '../base/env.ts'

export class DirectoryWatch {
  readonly #dir: string
  #watcher: FSWatcher | null = null
  /** Of the directory that is watched. */
  #inode: number | null = null
  #disturbed = true
  #asked: Promise<boolean> | null = null

  constructor(dir: string) {
    this.#dir = dir
  }

  /**
   * Whether nothing has happened, up to the moment of the call, since the last `begin`. Who asks in the same turn is
   * given the same promise.
   */
  quiet(): Promise<boolean> {
    if (this.#watcher === null) return Promise.resolve(false)
    // What happened before this turn's requests were read is told in the poll of the next turn at the latest.
    this.#asked ??= turn()
      .then(() => {
        this.#asked = null
        return turn()
      })
      .then(() => this.#watcher !== null && !this.#disturbed)
    return this.#asked
  }

  /** A look at the directory begins: what happens from now on is another matter. */
  begin(): void {
    this.#disturbed = false
  }

  disturb(): void {
    this.#disturbed = true
  }

  /** The directory is now of this inode; null = there is none. */
  found(inode: number | null): void {
    if (process.platform !== 'linux' || inode === this.#inode) return
    this.close()
    if (inode === null) return
    try {
      // What happens to the directory itself is told under its own name. It may be gone then, and the kernel's watch
      // with it, and another one may stand in its place under the same inode.
      this.#watcher = watch(this.#dir, { persistent: false }, (_, name) =>
        name === basename(this.#dir) ? this.close() : this.disturb(),
      )
      this.#watcher.on('error', () => this.close())
      this.#inode = inode
    } catch {
      // It is not watched, and so never quiet.
    }
  }

  close(): void {
    this.#watcher?.close()
    this.#watcher = null
    this.#inode = null
    this.#disturbed = true
  }
}

// A symbolic link that always points at the wand's pseudo-terminal of the moment, so that a host can
// be told one name. It never replaces or removes anything but such a link.
import { lstatSync, readlinkSync, renameSync, symlinkSync, unlinkSync } from 'node:fs'
import { PortFaultError } from './port.ts'

/** Targets of links that a simulator made, on Linux and macOS. */
const OURS = /^\/dev\/(pts\/|ttys?)\d+$/

export class DeviceLink {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  /** Points it at `target`. */
  set(target: string): void {
    this.check()
    const draft = `${this.path}.${process.pid}`
    try {
      symlinkSync(target, draft)
      renameSync(draft, this.path)
    } catch (error) {
      throw new PortFaultError(
        'link',
        `Cannot make the link ${this.path}: ${(error as Error).message}.`,
      )
    }
  }

  /** Removes it if it still points at `target`. */
  remove(target: string): void {
    if (this.#target() === target) unlinkSync(this.path)
  }

  /** Throws if something is there that is not a link to a terminal. */
  check(): void {
    const target = this.#target()
    if (target === undefined || (target !== null && OURS.test(target))) return
    throw new PortFaultError(
      'link',
      `${this.path} exists and is not a link to a terminal. Remove it, or name another path.`,
    )
  }

  /** Where it points; null = it is something else; undefined = it is not there. */
  #target(): string | null | undefined {
    try {
      return lstatSync(this.path).isSymbolicLink() ? readlinkSync(this.path) : null
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw new PortFaultError('link', `Cannot look at ${this.path}: ${(error as Error).message}.`)
    }
  }
}

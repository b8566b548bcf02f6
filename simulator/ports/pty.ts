// A simulated wand as a pseudo-terminal: a real tty that any program can open.
//
// The wand's path is held while a host holds the slave, and released when it closes it, so that a
// new opener is a new connection. The kernel tells of the closing (the master reads EIO) but not of
// the opening; that is looked for while nobody is there. Pulling the cable closes the master, so the
// host sees its device vanish; plugging it in makes another pair.
import { closeSync, writeSync } from 'node:fs'
import { ReadStream } from 'node:tty'
import type { Cancel, Env } from '../../src/base/env.ts'
import { duplicate, flushSlave, openPair, type Pair, slaveState } from './libc.ts'
import { DeviceLink } from './link.ts'
import type { HeldPath, WandPath } from './path.ts'
import type { SimulatedPort } from './port.ts'

/**
 * How often an opener is looked for while there is none, in ms. It keeps the process alive, as a
 * listening socket does.
 */
const LOOK_MS = 10
/** How soon bytes that a full terminal did not take are offered again, in ms. */
const RETRY_MS = 5
/** A host that does not read loses what is behind this many bytes, as on a real line. */
const BACKLOG = 64 * 1024

export interface PtyOptions {
  readonly env: Env
  /** A symbolic link to keep at the terminal's path. */
  readonly link?: string
}

export function servePty(path: WandPath, options: PtyOptions): SimulatedPort {
  const link = options.link === undefined ? null : new DeviceLink(options.link)
  let terminal: Terminal | null = null

  const plug = () => {
    link?.check()
    const made = new Terminal(options.env, path)
    try {
      link?.set(made.path)
    } catch (error) {
      made.close()
      throw error
    }
    terminal = made
  }
  const unplug = () => {
    const gone = terminal
    terminal = null
    if (!gone) return
    gone.close()
    link?.remove(gone.path)
  }

  if (path.plugged) plug()
  const stopHearing = path.onPlug((plugged) => {
    unplug()
    if (plugged) plug()
  })
  return {
    kind: 'pty',
    get path() {
      return link?.path ?? terminal?.path ?? ''
    },
    async stop() {
      stopHearing()
      unplug()
    },
  }
}

/** One pair, from plugging in to pulling out. */
class Terminal {
  readonly #env: Env
  readonly #wand: WandPath
  readonly #pair: Pair
  #reader: ReadStream | null = null
  #held: HeldPath | null = null
  #waiting: Uint8Array[] = []
  #cancelLook: Cancel = () => {}
  #cancelWrite: Cancel = () => {}
  #closed = false

  constructor(env: Env, wand: WandPath) {
    this.#env = env
    this.#wand = wand
    this.#pair = openPair()
    this.#look()
  }

  get path(): string {
    return this.#pair.path
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#cancelLook()
    this.#end()
    closeSync(this.#pair.fd)
  }

  #look(): void {
    if (this.#closed) return
    if (slaveState(this.#pair.fd) === 'open') this.#begin()
    else this.#cancelLook = this.#env.after(LOOK_MS, () => this.#look())
  }

  #begin(): void {
    // Each opener has its own reader: one that has read EIO is finished and closes what it reads.
    const reader = new ReadStream(duplicate(this.#pair.fd))
    this.#reader = reader
    this.#held = this.#wand.hold({ data: (bytes) => this.#write(bytes), unplugged: () => {} })
    reader.on('data', (bytes: Buffer) => this.#held?.write(bytes))
    reader.on('error', () => this.#hostClosed(reader))
    reader.on('close', () => this.#hostClosed(reader))
  }

  #hostClosed(reader: ReadStream): void {
    if (this.#closed || this.#reader !== reader) return
    this.#end()
    flushSlave(this.#pair.path)
    this.#look()
  }

  #end(): void {
    const reader = this.#reader
    this.#reader = null
    this.#held?.release()
    this.#held = null
    this.#waiting = []
    this.#cancelWrite()
    reader?.destroy()
  }

  #write(bytes: Uint8Array): void {
    const waiting = this.#waiting.reduce((sum, part) => sum + part.length, 0)
    if (waiting + bytes.length > BACKLOG) return
    this.#waiting.push(bytes)
    if (this.#waiting.length === 1) this.#offer()
  }

  /** Never blocks: a host that has stopped reading must not stop the wand. */
  #offer(): void {
    for (let bytes = this.#waiting[0]; bytes; bytes = this.#waiting[0]) {
      try {
        const written = writeSync(this.#pair.fd, bytes)
        if (written < bytes.length) this.#waiting[0] = bytes.subarray(written)
        else this.#waiting.shift()
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') {
          this.#cancelWrite = this.#env.after(RETRY_MS, () => this.#offer())
        } else this.#waiting = []
        return
      }
    }
  }
}

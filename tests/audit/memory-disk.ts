// A disk in memory that can fail as disks do, and that loses at a power cut what was not synced: of
// every file any beginning of its unsynced bytes may be left, of unsynced names any.
import { dirname } from 'node:path'
import type { Disk, DiskFile } from '../../src/base/disk.ts'

interface Content {
  bytes: Buffer
  synced: number
}

export type Operation =
  | 'makeDir'
  | 'list'
  | 'create'
  | 'open'
  | 'append'
  | 'sync'
  | 'read'
  | 'rename'
  | 'remove'
  | 'syncDir'

const error = (code: string, path: string) => Object.assign(new Error(`${code}: ${path}`), { code })

export class MemoryDisk implements Disk {
  files = new Map<string, Content>()
  durable = new Map<string, Content>()
  locks = new Set<string>()
  /** Called before every operation; it may throw, or wait. */
  fault: (operation: Operation, path: string) => void | Promise<void> = () => {}
  /** Bytes that `append` still has room for. */
  room = Number.POSITIVE_INFINITY
  syncs = 0

  /** The disk after a power cut; `chance(n)` picks a number below n. */
  cut(chance: (n: number) => number): MemoryDisk {
    const after = new MemoryDisk()
    const names = new Set([...this.durable.keys(), ...this.files.keys()])
    for (const name of names) {
      const now = this.files.get(name)
      const then = this.durable.get(name)
      const content = now === then ? now : chance(2) === 0 ? now : then
      if (!content) continue
      const kept = content.synced + chance(content.bytes.length - content.synced + 1)
      const copy = { bytes: Buffer.from(content.bytes.subarray(0, kept)), synced: kept }
      after.files.set(name, copy)
      after.durable.set(name, copy)
    }
    return after
  }

  /** What a killed process leaves: everything that was written. */
  killed(): MemoryDisk {
    const after = new MemoryDisk()
    for (const [name, { bytes }] of this.files) {
      const copy = { bytes: Buffer.from(bytes), synced: bytes.length }
      after.files.set(name, copy)
      after.durable.set(name, copy)
    }
    return after
  }

  async makeDir(path: string): Promise<void> {
    await this.fault('makeDir', path)
  }

  async list(path: string): Promise<string[]> {
    await this.fault('list', path)
    const inside = [...this.files.keys()].filter((name) => name.startsWith(`${path}/`))
    return [...new Set(inside.map((name) => name.slice(path.length + 1).split('/')[0] as string))]
  }

  async create(path: string): Promise<DiskFile> {
    await this.fault('create', path)
    if (this.files.has(path)) throw error('EEXIST', path)
    const content = { bytes: Buffer.alloc(0), synced: 0 }
    this.files.set(path, content)
    return this.#file(path, content)
  }

  async append(path: string): Promise<DiskFile> {
    await this.fault('open', path)
    const content = this.files.get(path)
    if (!content) throw error('ENOENT', path)
    return this.#file(path, content)
  }

  #file(path: string, content: Content): DiskFile {
    return {
      append: async (bytes) => {
        const fits = Math.min(bytes.length, this.room)
        this.room -= fits
        content.bytes = Buffer.concat([content.bytes, bytes.subarray(0, fits)])
        if (fits < bytes.length) throw error('ENOSPC', path)
        await this.fault('append', path)
      },
      sync: async () => {
        this.syncs += 1
        const length = content.bytes.length
        await this.fault('sync', path)
        content.synced = length
      },
      length: () => (this.files.get(path) === content ? content.bytes.length : null),
      close: async () => {},
    }
  }

  async size(path: string): Promise<number | null> {
    return this.files.get(path)?.bytes.length ?? null
  }

  async *read(path: string, from = 0): AsyncIterable<Uint8Array> {
    await this.fault('read', path)
    const content = this.files.get(path)
    if (!content) throw error('ENOENT', path)
    const bytes = content.bytes.subarray(from)
    for (let at = 0; at < bytes.length; at += 50_000) yield bytes.subarray(at, at + 50_000)
  }

  async rename(from: string, to: string): Promise<void> {
    await this.fault('rename', from)
    const content = this.files.get(from)
    if (!content) throw error('ENOENT', from)
    this.files.delete(from)
    this.files.set(to, content)
  }

  async remove(path: string): Promise<void> {
    await this.fault('remove', path)
    const content = this.files.get(path)
    if (content && Number.isFinite(this.room)) this.room += content.bytes.length
    this.files.delete(path)
  }

  async syncDir(path: string): Promise<void> {
    await this.fault('syncDir', path)
    for (const name of this.durable.keys()) {
      if (dirname(name) === path && !this.files.has(name)) this.durable.delete(name)
    }
    for (const [name, content] of this.files)
      if (dirname(name) === path) this.durable.set(name, content)
  }

  async free(): Promise<number | null> {
    return Number.isFinite(this.room) ? this.room : null
  }

  async lock(path: string): Promise<() => Promise<void>> {
    if (this.locks.has(path)) throw error('ELOCKED', path)
    this.locks.add(path)
    return async () => void this.locks.delete(path)
  }
}

// A disk in memory that can fail as disks do, and that loses at a power cut what was not synced: of
// every file any beginning of its unsynced bytes may be left, of unsynced names any.
import { dirname } from 'node:path'
import type { Disk, DiskEntry, DiskFile, EntryKind } from '../../src/base/disk.ts'

interface Content {
  bytes: Buffer
  synced: number
  /** Which file it is; a copy is another one. */
  inode?: string
  /** What it is, if not a regular file. */
  kind?: 'other'
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
  /** Which directory each is. */
  directories = new Map<string, string>()
  #inodes = 0
  /** Called before every operation; it may throw, or wait. */
  fault: (operation: Operation, path: string) => void | Promise<void> = () => {}
  /** Bytes that `append` still has room for. */
  room = Number.POSITIVE_INFINITY
  syncs = 0

  /** The disk after a power cut; `chance(n)` picks a number below n. */
  cut(chance: (n: number) => number): MemoryDisk {
    const after = this.#sameMedium()
    const names = new Set([...this.durable.keys(), ...this.files.keys()])
    for (const name of names) {
      const now = this.files.get(name)
      const then = this.durable.get(name)
      const content = now === then ? now : chance(2) === 0 ? now : then
      if (!content) continue
      const kept = content.synced + chance(content.bytes.length - content.synced + 1)
      const copy = { ...content, bytes: Buffer.from(content.bytes.subarray(0, kept)), synced: kept }
      after.files.set(name, copy)
      after.durable.set(name, copy)
    }
    return after
  }

  /** What a killed process leaves: everything that was written. */
  killed(): MemoryDisk {
    const after = this.#sameMedium()
    for (const [name, content] of this.files) {
      const copy = {
        ...content,
        bytes: Buffer.from(content.bytes),
        synced: content.bytes.length,
      }
      after.files.set(name, copy)
      after.durable.set(name, copy)
    }
    return after
  }

  #sameMedium(): MemoryDisk {
    const after = new MemoryDisk()
    after.directories = new Map(this.directories)
    after.#inodes = this.#inodes
    return after
  }

  #inode(): string {
    this.#inodes += 1
    return String(this.#inodes)
  }

  /** A directory put back from a backup, or copied: the same bytes in other files. */
  copied(): MemoryDisk {
    const after = this.killed()
    for (const content of after.files.values()) content.inode = after.#inode()
    for (const path of after.directories.keys()) after.directories.set(path, after.#inode())
    return after
  }

  async makeDir(path: string): Promise<void> {
    await this.fault('makeDir', path)
    if (!this.directories.has(path)) this.directories.set(path, this.#inode())
  }

  async scan(path: string): Promise<{ name: string; kind: EntryKind }[]> {
    const names = new Set(await this.list(path))
    for (const dir of this.directories.keys())
      if (dirname(dir) === path) names.add(dir.slice(path.length + 1))
    const kindOf = (name: string) => this.#kind(`${path}/${name}`) ?? 'other'
    return [...names].map((name) => ({ name, kind: kindOf(name) }))
  }

  #kind(path: string): EntryKind | null {
    const content = this.files.get(path)
    if (content) return content.kind ?? 'file'
    if (this.directories.has(path)) return 'directory'
    return [...this.files.keys()].some((name) => name.startsWith(`${path}/`)) ? 'directory' : null
  }

  async entry(path: string): Promise<DiskEntry | null> {
    const kind = this.#kind(path)
    if (kind === null) return null
    const content = this.files.get(path)
    const inode = content?.inode ?? this.directories.get(path) ?? ''
    return { kind, inode, born: null, size: content?.bytes.length ?? 0 }
  }

  async list(path: string): Promise<string[]> {
    await this.fault('list', path)
    const inside = [...this.files.keys()].filter((name) => name.startsWith(`${path}/`))
    return [...new Set(inside.map((name) => name.slice(path.length + 1).split('/')[0] as string))]
  }

  async create(path: string): Promise<DiskFile> {
    await this.fault('create', path)
    if (this.files.has(path)) throw error('EEXIST', path)
    const content = { bytes: Buffer.alloc(0), synced: 0, inode: this.#inode() }
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
      inode: () => content.inode ?? '',
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
    if (content.kind) throw error('ENOTFILE', path)
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

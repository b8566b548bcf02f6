// A copy of a state directory while its bridge runs. What is copied first may be older than what is copied last, and
// never newer: places of destinations and what is known come before the log they are places in, the manifest before
// the segments it counts, and the keys as they were when the log was. So a restored bridge may send something twice
// and never leaves anything out. The copy is another directory than the original: a bridge that is started on it sees
// that, sets its log aside and begins another that says so.
import { mkdir, readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative } from 'node:path'
import { type Disk, type EntryKind, errorCode, nodeDisk, readAll } from '../base/disk.ts'

/** Of the running process, or filled with nothing. */
const LEFT_OUT = /^(control\.sock.*|ballast|.*\.new|lock(\..*)?|open-[0-9a-f]+\.html)$/

export interface Backup {
  readonly files: number
  readonly bytes: number
  /** The logs in it. */
  readonly logs: readonly string[]
}

/** Copies into `to`, which must not be there yet, nor lie in what is copied; only its owner may enter it. */
export async function backup(stateDir: string, to: string, disk: Disk = nodeDisk): Promise<Backup> {
  const there = join(await realpath(dirname(to)), basename(to))
  const within = relative(await realpath(stateDir), there)
  if (within !== '' && !isAbsolute(within) && !/^\.\.([/\\]|$)/.test(within))
    throw new Error(`${to} lies in the directory that is to be copied`)
  await mkdir(to, { mode: 0o700 })
  const copy = new Copy(disk, stateDir, to)
  for (const name of await names(disk, stateDir)) {
    if (name !== 'audit' && name !== 'keys') await copy.all(name)
  }
  for (let keys = ''; ; ) {
    await copy.all('keys', true)
    const now = await said(disk, join(stateDir, 'keys'))
    if (now === keys) break
    keys = now
    await copy.log()
  }
  await copy.end()
  const logs = (await names(disk, join(to, 'audit'))).filter((name) => !name.endsWith('.json'))
  return {
    files: copy.sizes.size,
    bytes: [...copy.sizes.values()].reduce((a, b) => a + b, 0),
    logs,
  }
}

class Copy {
  readonly #disk: Disk
  readonly #from: string
  readonly #to: string
  /** Bytes copied, by path. */
  readonly sizes = new Map<string, number>()
  readonly #dirs = new Set<string>(['.'])

  constructor(disk: Disk, from: string, to: string) {
    this.#disk = disk
    this.#from = from
    this.#to = to
  }

  /** A file, or a directory with all below it. `anew`: also what was copied already. */
  async all(path: string, anew = false): Promise<void> {
    const entry = await this.#disk.entry(join(this.#from, path))
    if (entry?.kind === 'directory') {
      for (const name of await names(this.#disk, join(this.#from, path)))
        await this.all(join(path, name), anew)
    } else if (entry?.kind === 'file') await this.#file(path, anew)
  }

  /** The manifests, then every log until it has stopped growing but for its last segment. */
  async log(): Promise<void> {
    const audit = join(this.#from, 'audit')
    for (const name of await kept(this.#disk, audit, 'file'))
      await this.#file(join('audit', name), true)
    for (const log of await kept(this.#disk, audit, 'directory')) {
      for (let last = ''; ; ) {
        const now = await names(this.#disk, join(audit, log))
        for (const name of now) await this.#file(join('audit', log, name), false)
        await this.#drop(join('audit', log), now)
        // Another segment: the one before it may have grown since it was copied.
        const seen = now.join()
        if (seen === last) break
        last = seen
      }
    }
  }

  /** Without what the source has no longer: half of a segment would be read before the whole packed one. */
  async #drop(dir: string, now: readonly string[]): Promise<void> {
    for (const path of [...this.sizes.keys()]) {
      if (dirname(path) !== dir || now.includes(basename(path))) continue
      await this.#disk.remove(join(this.#to, path))
      this.sizes.delete(path)
    }
  }

  async end(): Promise<void> {
    for (const dir of this.#dirs) await this.#disk.syncDir(join(this.#to, dir))
    await this.#disk.syncDir(dirname(this.#to))
  }

  /** What it has beyond what was copied; from its beginning where it was replaced as a whole. */
  async #file(path: string, anew: boolean): Promise<void> {
    const before = this.sizes.get(path) ?? 0
    const grows = /\.(jsonl|leaves)$/.test(path)
    if (before > 0 && !grows && !anew) return
    try {
      const target = join(this.#to, path)
      const bytes = await readAll(this.#disk, join(this.#from, path), grows ? before : 0)
      if (grows && before > 0 && bytes.length === 0) return
      await this.#disk.makeDir(dirname(target))
      this.#dirs.add(dirname(path))
      if (!grows) await this.#disk.remove(target)
      const file =
        grows && before > 0 ? await this.#disk.append(target) : await this.#disk.create(target)
      try {
        await file.append(bytes)
        await file.sync()
      } finally {
        await file.close()
      }
      this.sizes.set(path, (grows ? before : 0) + bytes.length)
    } catch (error) {
      // Packed, dropped or replaced since its name was read: what is there now is read in the next round.
      if (errorCode(error) !== 'ENOENT') throw error
    }
  }
}

/** Names in a directory that a copy has, in their order. */
async function names(disk: Disk, dir: string): Promise<string[]> {
  return (await disk.list(dir)).filter((name) => !LEFT_OUT.test(name)).sort()
}

async function kept(disk: Disk, dir: string, kind: EntryKind): Promise<string[]> {
  const all = await disk.scan(dir)
  return all
    .flatMap((one) => (one.kind === kind && !LEFT_OUT.test(one.name) ? [one.name] : []))
    .sort()
}

/** The content of a small directory, to be compared. */
async function said(disk: Disk, dir: string): Promise<string> {
  const all = await readdir(dir).catch(() => [])
  const parts = await Promise.all(
    all.map(async (name) => {
      const { mtimeMs, ino } = await stat(join(dir, name)).catch(() => ({ mtimeMs: 0, ino: 0 }))
      return `${name} ${ino} ${mtimeMs} ${(await disk.size(join(dir, name))) ?? ''}`
    }),
  )
  return `${parts.sort().join('\n')}.`
}

// Which programs have a device open, from Linux's /proc. `proc` is for tests.
import { readdir, readFile, readlink, realpath } from 'node:fs/promises'
import { join } from 'node:path'

export interface Holder {
  readonly pid: number
  readonly name: string
}

export interface Holders {
  /** By the path that was asked for; none = nobody that can be seen. */
  readonly of: ReadonlyMap<string, readonly Holder[]>
  /** Processes of other users that this one may not look into; null = this system does not tell. */
  readonly hidden: number | null
}

/** Never rejects. */
export async function holdersOf(paths: readonly string[], proc = '/proc'): Promise<Holders> {
  const of = new Map<string, Holder[]>(paths.map((path) => [path, []]))
  const byTarget = new Map<string, string[]>()
  for (const path of paths) {
    const target = await realpath(path).catch(() => path)
    byTarget.set(target, [...(byTarget.get(target) ?? []), path])
  }
  const names = await readdir(proc).catch(() => null)
  if (names === null || process.platform !== 'linux') return { of, hidden: null }
  let hidden = 0
  for (const pid of names.filter((name) => /^\d+$/.test(name))) {
    const open = await openFiles(join(proc, pid, 'fd'))
    if (open === null) hidden += 1
    for (const target of open ?? []) {
      for (const path of byTarget.get(target) ?? []) {
        const name = (await readFile(join(proc, pid, 'comm'), 'utf8').catch(() => '?')).trim()
        of.get(path)?.push({ pid: Number(pid), name })
      }
    }
  }
  return { of, hidden }
}

/** What a process has open, each once; null = not permitted. */
async function openFiles(dir: string): Promise<ReadonlySet<string> | null> {
  try {
    const fds = await readdir(dir)
    const targets = await Promise.all(fds.map((fd) => readlink(join(dir, fd)).catch(() => '')))
    return new Set(targets)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? null : new Set()
  }
}

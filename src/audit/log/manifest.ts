// Which log of a source is the current one, and which directory and file it was when it was last
// written: `<state>/audit/<source>.manifest.json`, replaced as a whole. A log that was renamed, removed,
// put back from a copy or copied to another computer is found by it, because a copy has the names and
// the bytes of what it copies, but is another directory.
import { join } from 'node:path'
import * as z from 'zod'
import { type Disk, errorCode, readAll, replaceFile, sameIdentity } from '../../base/disk.ts'
import { quarantineSchema } from '../format/record.ts'
import { segmentName } from '../format/segment.ts'

const FORMAT = 'wandbridge-manifest/1'
/** No manifest is longer; what is longer is none. */
const LONGEST = 1 << 20

const count = z.number().int().min(0)
const identitySchema = z.strictObject({ inode: z.string(), born: z.string().nullable() })
const manifestSchema = z.strictObject({
  format: z.literal(FORMAT),
  log: z.string(),
  directory: identitySchema,
  /** The segment that was written, and the log's end when this was written: it never gets shorter. */
  segment: identitySchema.extend({ number: count }).nullable(),
  size: count,
  root: z.string(),
  /** What this log was begun for. */
  replaces: quarantineSchema.nullable(),
  unaccepted: z.array(quarantineSchema),
})
export type Manifest = z.infer<typeof manifestSchema>

const pathOf = (dir: string, source: string) => join(dir, `${source}.manifest.json`)

/** The manifest of a source; null when there is none; `damaged` when it cannot be read as one. */
export async function readManifest(
  disk: Disk,
  dir: string,
  source: string,
): Promise<Manifest | 'damaged' | null> {
  const path = pathOf(dir, source)
  const entry = await disk.entry(path)
  if (!entry) return null
  if (entry.kind !== 'file' || entry.size > LONGEST) return 'damaged'
  const bytes = await readAll(disk, path)
  try {
    return manifestSchema.parse(JSON.parse(bytes.toString()))
  } catch {
    return 'damaged'
  }
}

/** Writes which log is the current one, as its directory and its segment are now. */
export async function writeManifest(
  disk: Disk,
  dir: string,
  source: string,
  now: Pick<Manifest, 'log' | 'size' | 'root' | 'replaces' | 'unaccepted'> & {
    readonly segment: number | null
  },
): Promise<Manifest> {
  const { segment: number } = now
  const home = join(dir, now.log)
  const directory = await identity(disk, home)
  const file = number === null ? null : await identity(disk, segmentPath(home, number))
  const segment = number === null || file === null ? null : { number, ...file }
  const manifest: Manifest = { format: FORMAT, ...now, directory, segment }
  await replaceFile(disk, pathOf(dir, source), Buffer.from(`${JSON.stringify(manifest)}\n`))
  return manifest
}

/** Whether the log's directory and its last segment are still the ones that were written. */
export async function isOriginal(disk: Disk, dir: string, manifest: Manifest): Promise<boolean> {
  const home = join(dir, manifest.log)
  const directory = await disk.entry(home)
  if (!directory || !sameIdentity(directory, manifest.directory)) return false
  if (manifest.segment === null) return true
  const file = await disk.entry(segmentPath(home, manifest.segment.number))
  // A segment that is gone is another fault, with a name of its own.
  return file === null || sameIdentity(file, manifest.segment)
}

async function identity(disk: Disk, path: string) {
  const entry = await disk.entry(path)
  if (entry) return { inode: entry.inode, born: entry.born }
  throw Object.assign(new Error(`${path} is gone`), { code: 'EGONE' })
}

/** Whether an error says nothing about the file but that the system has no room for more just now. */
export function isPassing(error: unknown): boolean {
  return ['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EBUSY', 'EINTR'].includes(errorCode(error))
}

export const segmentPath = (dir: string, number: number) =>
  join(dir, `${segmentName(number)}.jsonl`)

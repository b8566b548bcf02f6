// Watches over the logs of a fleet: takes every record of every site from the broker, holds each signed
// checkpoint to them, and has what is right cosigned by the witness that it is part of. What is wrong is told
// with the first checkpoint that shows it, and stays told.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { parseCheckpoint, type SignedCheckpoint } from '../../audit/format/checkpoint.ts'
import { submissionText } from '../../audit/format/submission.ts'
import { type Disk, readAll, replaceFile } from '../../base/disk.ts'
import { type Env, pause, utc } from '../../base/env.ts'
import type { Witness } from '../../witness/witness.ts'
import type { Site } from '../serve/site.ts'
import type { Sites } from '../serve/sites.ts'
import { type Finding, type Kept, RoomLog } from './room-log.ts'

export interface Found {
  readonly site: string
  readonly log: string
  readonly finding: Finding
  /** Records that the checkpoint covers which showed it. */
  readonly size: number
  readonly at: string
}

export interface WatchOptions {
  readonly env: Env
  readonly disk: Disk
  /** Where it keeps how far each log was right. */
  readonly dir: string
  readonly sites: Sites
  readonly witness: Witness
  found(found: Found): void
  log(text: string): void
}

/** What was right is kept at most so often, in ms: what is not kept is seen again. */
const PACE_MS = 2_000
const AGAIN_MS = 1_000

export class Watch {
  readonly #options: WatchOptions
  readonly #end = new AbortController()
  readonly #running: Promise<void>[] = []
  #keeping: Promise<void> = Promise.resolve()
  readonly #told = new Set<string>()

  constructor(options: WatchOptions) {
    this.#options = options
  }

  start(): void {
    const { sites } = this.#options
    const begin = (site: Site) => {
      this.#running.push(this.#site(site))
      // A log that was rewritten before it was sent on, or put back from a copy: its bridge itself has seen that.
      site.parted$.subscribe(({ log, pulse: { apart, checkpoint } }) => {
        if (apart === 'fork') this.#tell(site, log, 'rewritten', checkpoint)
        if (apart === 'ahead') this.#tell(site, log, 'shorter', checkpoint)
      })
    }
    for (const site of sites.all) begin(site)
    sites.came$.subscribe(begin)
  }

  async stop(): Promise<void> {
    this.#end.abort()
    await Promise.all(this.#running)
    await this.#keeping
  }

  async #site(site: Site): Promise<void> {
    const { env, log } = this.#options
    const { signal } = this.#end
    while (!signal.aborted) {
      try {
        const head = await site.feed.look()
        if (head) await this.#follow(site, head.log)
      } catch (error) {
        log(`${site.name} cannot be followed: ${(error as Error).message}. It is tried again.`)
      }
      await pause(env, AGAIN_MS, signal)
    }
  }

  /** One log, until another one is written, or it is not the one that it was. */
  async #follow(site: Site, log: string): Promise<void> {
    const { env, disk, dir } = this.#options
    const path = join(dir, `${sha256(`${site.name} ${log}`)}.json`)
    const one = new RoomLog(log, await keptAt(disk, path))
    let pausing = false
    let judged = ''
    const judge = () => {
      const { vouched } = site
      if (pausing || vouched === null || vouched.checkpoint === judged) return
      const answer = one.judge(vouched.checkpoint, vouched.key)
      if (answer === null) return
      judged = vouched.checkpoint
      if (typeof answer === 'string') return this.#tell(site, log, answer, vouched.checkpoint)
      this.#keep(site, one, answer, vouched.checkpoint, path)
      pausing = true
      const again = () => {
        pausing = false
        judge()
      }
      env.after(PACE_MS, again, { background: true })
    }
    const { signal } = this.#end
    // A log that is shorter than what was seen is either filled again, or says so by a checkpoint.
    if ((site.feed.head()?.size ?? 0) < one.size) return judge()
    for await (const item of site.feed.follow({ log, position: one.size - 1 }, { signal })) {
      if (item.kind === 'replaced') return
      if (item.kind === 'gap') return this.#tell(site, log, 'incomplete', null)
      if (item.kind === 'record') one.take(item.record.line, item.record.kind)
      judge()
    }
  }

  /** Everything up to here is right: the witness cosigns it, and it is kept, one after the other. */
  #keep(site: Site, one: RoomLog, { size }: SignedCheckpoint, note: string, path: string): void {
    const { witness, disk, dir, log } = this.#options
    const { origin } = one
    // What is seen meanwhile is no part of it.
    const from = one.clone()
    const kept = one.settle()
    this.#keeping = this.#keeping
      .then(async () => {
        await disk.makeDir(dir)
        await replaceFile(disk, path, Buffer.from(`${JSON.stringify(kept)}\n`))
        const seen = parseCheckpoint((await witness.newest(sha256(origin))) ?? '')
        const old = typeof seen === 'string' ? 0 : seen.size
        const proof = from.proofFrom(old)
        if (old > size || proof === null) return
        const answer = await witness.add(submissionText(old, proof, note))
        if (answer.status === 422) this.#tell(site, one.log, 'rewritten', note)
        else if ('why' in answer) log(`${origin} of ${site.name} is not cosigned: ${answer.why}.`)
      })
      .catch((error: Error) => log(`${origin} of ${site.name}: ${error.message}`))
  }

  #tell(site: Site, log: string, finding: Finding, checkpoint: string | null): void {
    const key = `${site.name} ${log} ${finding}`
    if (this.#told.has(key)) return
    const parsed = checkpoint === null ? '' : parseCheckpoint(checkpoint)
    const size = typeof parsed === 'string' ? 0 : parsed.size
    const at = utc(this.#options.env.wall())
    this.#told.add(key)
    this.#options.found({ site: site.name, log, finding, size, at })
  }
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

async function keptAt(disk: Disk, path: string): Promise<Kept | null> {
  if ((await disk.size(path)) === null) return null
  return JSON.parse((await readAll(disk, path)).toString()) as Kept
}

// `wandbridge audit report`: every log of a state directory verified, and what it says written as one page to
// print, with the same data beside it for programs.
import { leafHash } from '../../../audit/format/merkle.ts'
import { toBase64 } from '../../../audit/format/note.ts'
import { readRecords } from '../../../audit/read/reader.ts'
import type { Account } from '../../../audit/verify/account.ts'
import type { Verification } from '../../../audit/verify/verification.ts'
import { accountName } from '../../../base/account.ts'
import { nodeDisk } from '../../../base/disk.ts'
import { systemEnv, utc } from '../../../base/env.ts'
import { VERSION } from '../../../base/version.ts'
import { decoderOf } from '../../../drivers/decoders.ts'
import { printable } from '../../../model/printable.ts'
import { stateDirOf } from '../../options.ts'
import { type LogPlace, logsOf } from '../logs.ts'
import { recordRead } from '../record-read.ts'
import type { FilterFlags } from '../show.ts'
import { check, exitOf, missing, type VerifyFlags } from '../verify.ts'
import { type Asked, Collector, type Place } from './collect.ts'
import { ReportFiles } from './files.ts'
import { page } from './page.ts'

export interface ReportFlags
  extends Pick<FilterFlags, 'from' | 'to' | 'pump' | 'log' | 'stateDir'> {
  readonly key?: string
  readonly since?: string
  readonly out: string
}

export const FORMAT = 'wandbridge-audit-report/1'

/** A log as the report tells of it. */
export interface LogPart {
  readonly account: Account
  /** What verification says of it. */
  readonly sentence: string
  /** Records that the report takes from it: those before the first fault. */
  readonly through: number
  /** Position of the first record whose entry is kept; null = none is. */
  readonly first: number | null
  /** Why its records could not be read to the end; null = they were. */
  readonly unread: string | null
}

export interface Made {
  readonly at: string
  readonly by: string
  readonly software: string
  readonly stateDir: string
  /** Whether the log says that it was read for this report. */
  readonly recorded: boolean
}

/** Leaf hashes of a log as they were verified, 32 bytes each. */
class Leaves {
  #bytes = new Uint8Array(1 << 20)

  set(position: number, leaf: Uint8Array): void {
    while ((position + 1) * 32 > this.#bytes.length) {
      const more = new Uint8Array(this.#bytes.length * 2)
      more.set(this.#bytes)
      this.#bytes = more
    }
    this.#bytes.set(leaf, position * 32)
  }

  is(position: number, leaf: Uint8Array): boolean {
    return Buffer.compare(this.#bytes.subarray(position * 32, position * 32 + 32), leaf) === 0
  }
}

export async function report(flags: ReportFlags): Promise<void> {
  const { pump = null, from = null, to = null } = flags
  const asked: Asked = { pump, from, to }
  const found = await logsOf(flags)
  const files = new ReportFiles(flags.out)
  try {
    const recorded = await recordRead('audit report', flags)
    const leaves = new Map<string, Leaves>()
    const kept: VerifyFlags = { ...flags, rederive: true }
    const { accounts, spoken } = await check(found, kept, ({ log }) => {
      const own = new Leaves()
      leaves.set(log, own)
      return { leaf: (position, leaf) => own.set(position, leaf), facts: true, rederive: decoderOf }
    })
    const made: Made = {
      at: utc(systemEnv().wall()),
      by: accountName(),
      software: `wandbridge ${VERSION}`,
      stateDir: stateDirOf(flags),
      recorded,
    }
    await files.begin({ format: FORMAT, made, asked })
    const collector = new Collector(asked, (table, row) => files.put(table, row))
    const logs: LogPart[] = []
    for (const account of accounts) {
      const { log, verification } = account
      const place = found.places.find((one) => one.log === log)
      if (!verification || !place) {
        const sentence = missing(account, spoken)
        logs.push({ account, sentence, through: 0, first: null, unread: null })
        continue
      }
      const own = leaves.get(log) ?? new Leaves()
      const read = await take(place, verification, own, collector, files)
      logs.push({ account, sentence: verification.sentence, ...read })
    }
    collector.end()
    const data = await files.endData({ logs: logs.map(logData) })
    const { text } = page({ made, asked, logs, collector, files: data })
    const names = await files.end(text)
    console.log(`Written: ${names.join(', ')}`)
    for (const { account, sentence } of logs) {
      ;(account.ok ? console.log : console.error)(printable(`${account.log}: ${sentence}`))
    }
    process.exitCode = exitOf(accounts)
  } catch (error) {
    files.discard()
    throw error
  }
}

/** Takes the records that were verified, and no others; says how far that went. */
async function take(
  { dir, log }: LogPlace,
  verification: Verification,
  leaves: Leaves,
  collector: Collector,
  files: ReportFiles,
): Promise<Pick<LogPart, 'through' | 'first' | 'unread'>> {
  const { problem, records, vouched } = verification
  const through = problem ? Math.min(problem.position, records) : records
  const vouchedFor = (position: number): Place['vouched'] => {
    if (problem) return 'nothing'
    return position < vouched.key ? 'key' : position < vouched.checkpoint ? 'checkpoint' : 'nothing'
  }
  let first: number | null = null
  let waiting = 0
  try {
    for await (const { position, line } of readRecords(nodeDisk, dir)) {
      if (position >= through) break
      const leaf = leafHash(Buffer.from(line))
      if (!leaves.is(position, leaf)) {
        const unread = `Record ${position} is not the one that was verified: the log was changed meanwhile.`
        return { through: position, first, unread }
      }
      first ??= position
      collector.take({ log, position, leaf: toBase64(leaf), vouched: vouchedFor(position) }, line)
      waiting += 1
      if (waiting % 512 === 0) await files.flush()
    }
  } catch (error) {
    // What lies behind a fault cannot always be found.
    if (problem === null) throw error
    return { through, first, unread: (error as Error).message }
  }
  return { through, first, unread: null }
}

function logData({ account, sentence, through, first, unread }: LogPart): object {
  const { log, ok, verification: v, setAside, accepted } = account
  return {
    ...{ log, ok, intact: v?.ok ?? null, sentence, records: v?.records ?? null },
    ...{ first_kept: first, taken_before: through, dropped_by_retention: v?.hashesOnly ?? null },
    not_kept: v?.facts?.dropped ?? null,
    ...{ from_utc: v?.facts?.from ?? null, to_utc: v?.facts?.to ?? null },
    vouched_by_key: v?.vouched.key ?? null,
    vouched_by_checkpoint: v?.vouched.checkpoint ?? null,
    vouched_by_nothing: v?.vouched.nothing ?? null,
    ...{ decoded_again: v?.rederived ?? null, not_decoded_again: v?.differing ?? null },
    ...{ checkpoint: v?.checkpoint ?? null, key: v?.key ?? null, problem: v?.problem ?? null },
    ...{
      unread,
      set_aside: setAside?.why ?? null,
      accepted,
      refused: v?.refused ?? null,
      strays: v?.strays ?? null,
    },
  }
}

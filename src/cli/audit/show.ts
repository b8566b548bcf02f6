// `wandbridge audit show`: records as a table, or as the lines that are signed.

import { type Filter, readRecords, type Stored } from '../../audit/read/reader.ts'
import { nodeDisk } from '../../base/disk.ts'
import { printable, printableJson } from '../../model/printable.ts'
import { logsOf, type StateFlags } from './logs.ts'
import { recordRead } from './record-read.ts'
import { summary } from './summary.ts'

export interface FilterFlags extends StateFlags {
  readonly from?: string
  readonly to?: string
  readonly kind?: readonly string[]
  readonly pump?: string
  readonly session?: number
  readonly actor?: string
}

export function filterOf({ from, to, kind, pump, session, actor }: FilterFlags): Filter {
  return {
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(kind !== undefined && { kinds: kind }),
    ...(pump !== undefined && { pump }),
    ...(session !== undefined && { session }),
    ...(actor !== undefined && { actor }),
  }
}

export async function show(
  flags: FilterFlags & { readonly last: number; readonly json?: boolean },
): Promise<void> {
  const { places } = await logsOf(flags)
  await recordRead('audit show', flags)
  for (const { dir, log } of places) {
    let newest: Stored[] = []
    const sum = { records: 0, dropped: 0, from: '', to: '' }
    for await (const stored of readRecords(nodeDisk, dir, filterOf(flags))) {
      const { at, kind, body } = stored.record
      sum.records += 1
      if (sum.from === '' || at < sum.from) sum.from = at
      if (at > sum.to) sum.to = at
      if (kind === 'gap') sum.dropped += body.dropped
      newest.push(stored)
      if (newest.length > 2 * flags.last) newest = newest.slice(-flags.last)
    }
    newest = newest.slice(-flags.last)
    if (flags.json) lines(log, newest, sum)
    else table(log, newest, sum)
  }
}

interface Sum {
  readonly records: number
  /** Records that could not be kept, by the gaps among them. */
  readonly dropped: number
  readonly from: string
  readonly to: string
}

/** First what this is, then the records as they are signed. Nothing was verified, so nothing is vouched for. */
function lines(log: string, shown: readonly Stored[], sum: Sum): void {
  const { records, dropped, from, to } = sum
  const head = { log, records, shown: shown.length, dropped, unvouched: records }
  console.log(JSON.stringify({ ...head, from: from || null, to: to || null }))
  for (const { line } of shown) console.log(process.stdout.isTTY ? printableJson(line) : line)
}

function table(log: string, shown: readonly Stored[], sum: Sum): void {
  const width = Math.max(40, process.stdout.columns || 120)
  const mark = log.startsWith('device-') ? '' : `  [${log.split('-')[0]?.toUpperCase()}]`
  const { records, dropped, from, to } = sum
  if (records > shown.length)
    console.error(`${log}: the last ${shown.length} of ${records} records.`)
  if (dropped > 0) console.error(`${log}: ${dropped} records could not be kept; see the gaps.`)
  const range = from === '' ? '' : `, ${minute(from)} to ${minute(to)}`
  console.log(`${log}${mark}  times in UTC${range}. Not verified here: wandbridge audit verify`)
  if (shown.length === 0) console.log('No such records.')
  for (const { position, record } of shown) {
    const { at, kind, actor } = record
    const who = record.pump ?? record.wand ?? ''
    const by = actor.id === 'bridge' ? '' : `${actor.id} (${actor.role}): `
    const row = printable(
      `${String(position).padStart(6)}  ${at.slice(0, 10)} ${at.slice(11, 19)}  ${kind.padEnd(13)} ${who.padEnd(9)} ${by}${summary(record)}`,
    )
    console.log(row.length > width ? `${row.slice(0, width - 1)}…` : row)
  }
}

const minute = (at: string) => `${at.slice(0, 10)} ${at.slice(11, 16)}`

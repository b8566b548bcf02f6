// `wandbridge audit show`: records as a table, or as the lines that are signed.

import { type Filter, readRecords, type Stored } from '../../audit/read/reader.ts'
import { nodeDisk } from '../../base/disk.ts'
import { logsOf, type StateFlags } from './logs.ts'
import { summary } from './summary.ts'

export interface FilterFlags extends StateFlags {
  readonly from?: string
  readonly to?: string
  readonly kind?: readonly string[]
  readonly pump?: string
  readonly session?: number
}

export function filterOf({ from, to, kind, pump, session }: FilterFlags): Filter {
  return {
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(kind !== undefined && { kinds: kind }),
    ...(pump !== undefined && { pump }),
    ...(session !== undefined && { session }),
  }
}

export async function show(
  flags: FilterFlags & { readonly last: number; readonly json?: boolean },
): Promise<void> {
  for (const { dir, log } of await logsOf(flags)) {
    let newest: Stored[] = []
    let all = 0
    for await (const stored of readRecords(nodeDisk, dir, filterOf(flags))) {
      all += 1
      newest.push(stored)
      if (newest.length > 2 * flags.last) newest = newest.slice(-flags.last)
    }
    newest = newest.slice(-flags.last)
    if (all > newest.length) console.error(`${log}: the last ${newest.length} of ${all} records.`)
    if (flags.json) for (const { line } of newest) console.log(line)
    else table(log, newest)
  }
}

function table(log: string, records: readonly Stored[]): void {
  const width = Math.max(40, process.stdout.columns || 120)
  const mark = log.startsWith('device-') ? '' : `  [${log.split('-')[0]?.toUpperCase()}]`
  console.log(`${log}${mark}  times in UTC`)
  if (records.length === 0) console.log('No such records.')
  for (const { position, record } of records) {
    const at = `${record.at.slice(0, 10)} ${record.at.slice(11, 19)}`
    const who = record.pump ?? record.wand ?? ''
    const row = `${String(position).padStart(6)}  ${at}  ${record.kind.padEnd(13)} ${who.padEnd(9)} ${summary(record)}`
    console.log(row.length > width ? `${row.slice(0, width - 1)}…` : row)
  }
}

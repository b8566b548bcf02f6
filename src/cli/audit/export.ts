// `wandbridge audit export`: the device audit file of one pump, or records as CSV or NDJSON.
import { readRecords, type Stored } from '../../audit/read/reader.ts'
import { deviceFile } from '../../audit/verify/prove.ts'
import { nodeDisk } from '../../base/disk.ts'
import { printable, printableJson } from '../../model/printable.ts'
import { CommandError, Exit } from '../exit.ts'
import { type Cell, csvLine } from './csv.ts'
import { logsOf } from './logs.ts'
import { recordRead } from './record-read.ts'
import { type FilterFlags, filterOf } from './show.ts'
import { newFile, printed, type Sink } from './sink.ts'
import { measured, summary } from './summary.ts'

export interface ExportFlags extends FilterFlags {
  readonly csv?: boolean
  readonly ndjson?: boolean
  readonly out?: string
}

export async function exportRecords(flags: ExportFlags): Promise<void> {
  if (flags.csv && flags.ndjson) throw new CommandError(Exit.USAGE, 'Either --csv or --ndjson.')
  if (!flags.csv && !flags.ndjson && flags.pump === undefined) {
    throw new CommandError(
      Exit.USAGE,
      'Say what to export: --pump SERIAL for a device audit file, or --csv, or --ndjson.',
    )
  }
  const out = flags.out === undefined ? printed() : newFile(flags.out)
  try {
    await logsOf(flags)
    await recordRead('audit export', flags)
    if (flags.csv || flags.ndjson) await rows(flags, out)
    else await device(flags, flags.pump as string, out)
  } catch (error) {
    out.discard()
    throw error
  }
  out.close()
}

/** Of the newest log that has records of the pump. */
async function device(flags: ExportFlags, pump: string, out: Sink): Promise<void> {
  if (flags.from ?? flags.to ?? flags.kind ?? flags.session) {
    throw new CommandError(
      Exit.USAGE,
      'A device audit file has all records of its pump: time, kind and session go with --csv or --ndjson.',
    )
  }
  const found: string[] = []
  for (const { dir, log } of (await logsOf(flags)).places) {
    for await (const _ of readRecords(nodeDisk, dir, { pump })) {
      found.push(dir)
      break
    }
    if (found.length > 1) {
      console.error(`Pump ${pump} is in several logs; this is of ${log}. Choose with --log.`)
    }
  }
  const dir = found.at(-1)
  if (dir === undefined) {
    throw new CommandError(
      Exit.NOT_SO,
      `No record is of pump ${printable(pump)}. Nothing was exported.`,
    )
  }
  let records = -1
  try {
    for await (const text of deviceFile(nodeDisk, dir, pump)) {
      await out.write(text)
      records += 1
    }
  } catch (error) {
    throw new CommandError(
      Exit.NOT_SO,
      `${printable((error as Error).message)}\nThe log does not verify, so no device audit file was completed.`,
    )
  }
  console.error(
    `${records} records of pump ${pump}, with proofs. Check with: wandbridge audit verify FILE`,
  )
}

const COLUMNS = [
  'log',
  'position',
  'at',
  'kind',
  'source',
  'pump',
  'wand',
  'port',
  'session',
  'snapshot',
  'device_time',
  'reported_volume_nL',
  'rate_nL_per_day',
  'actor',
  'ok',
  'reason',
  'summary',
] as const

async function rows(flags: ExportFlags, out: Sink): Promise<void> {
  if (flags.csv) await out.write(csvLine(COLUMNS))
  let n = 0
  for (const { dir, log } of (await logsOf(flags)).places) {
    for await (const stored of readRecords(nodeDisk, dir, filterOf(flags))) {
      await out.write(flags.csv ? csvRow(log, stored) : `${asIs(stored.line, flags.out)}\n`)
      n += 1
    }
  }
  console.error(`${n} records. They carry no proof: for evidence, export with --pump alone.`)
}

/** To a file or a program as it is signed; a terminal obeys some of it. */
const asIs = (line: string, file: string | undefined) =>
  file === undefined && process.stdout.isTTY ? printableJson(line) : line

/** A record as one row. */
export function csvRow(
  log: string,
  { position, record }: Pick<Stored, 'position' | 'record'>,
): string {
  const values = measured(record)
  const cells: Record<(typeof COLUMNS)[number], Cell> = {
    log,
    position,
    at: record.at,
    kind: record.kind,
    source: record.source,
    pump: record.pump,
    wand: record.wand,
    port: record.port,
    session: record.session,
    snapshot: record.snapshot,
    device_time: record.deviceTime,
    reported_volume_nL: values?.volume as Cell,
    rate_nL_per_day: values?.rate as Cell,
    actor: record.actor.id,
    ok: record.outcome.ok,
    reason: record.outcome.reason,
    summary: summary(record),
  }
  return csvLine(COLUMNS.map((column) => cells[column]))
}

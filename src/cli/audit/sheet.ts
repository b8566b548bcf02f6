// `wandbridge audit verify --sheet`: does a worksheet that somebody kept say what the log says, and is
// the log still the one that its checkpoint pinned?
import { basename, dirname } from 'node:path'
import { verify } from '../../audit/verify/verify.ts'
import { nodeDisk } from '../../base/disk.ts'
import { systemEnv } from '../../base/env.ts'
import { VERSION } from '../../base/version.ts'
import { bridgeRuns } from '../../control/client.ts'
import { Feed } from '../../feed/feed.ts'
import { printable } from '../../model/printable.ts'
import type { InterrogationRecord, RecordOf } from '../../model/record.ts'
import { sourceOf } from '../../model/source.ts'
import { dataDifferences, same, type Wording, wording } from '../../refill/paper/check.ts'
import type { Reading } from '../../refill/sheet/entries.ts'
import { readingOf } from '../../refill/sheet/reading.ts'
import { type Sheet, sheetsOf } from '../../refill/sheet/sheet.ts'
import { readSheetFile, type SheetFile } from '../../refill/sheet/sheet-file.ts'
import { CommandError, Exit } from '../exit.ts'
import { readKept } from './kept.ts'
import { type LogPlace, logsAt, logsOf } from './logs.ts'
import type { VerifyFlags } from './verify.ts'

/** A page with its pictures. */
const MOST_SHEET = 16 << 20

export async function verifySheet(
  path: string | undefined,
  sheet: string,
  flags: VerifyFlags,
): Promise<void> {
  const name = basename(sheet)
  const text = readKept(sheet, MOST_SHEET)
  const file = readSheetFile(text)
  if (typeof file === 'string') throw new CommandError(Exit.NOT_SO, `${name}: ${file}.`)
  const found = path === undefined ? await logsOf(flags) : await logsAt(path)
  const places = found?.places ?? []
  const place = places.find(({ log }) => log === file.log)
  if (!place) {
    const here = places.map(({ log }) => log).join(', ')
    throw new CommandError(
      Exit.NOT_SO,
      `${printable(`${name}: it is of audit log ${file.log}. Here is only: ${here}`)}.\nThe log is missing, or this is another directory.`,
    )
  }
  const wrong = [...(await pinned(place, file, flags)), ...(await figures(place, file))]
  const inLog = await sheetIn(place, file)
  const words = inLog ? wording(text, file, inLog) : null
  if (words?.how === 'differs' && file.version === VERSION) {
    wrong.push(`its words are not those of its records: ${words.at}`)
  }
  if (wrong.length > 0) {
    for (const one of wrong) console.error(printable(`${name}: ${one}.`))
    console.error('This means that the sheet, or the log, was changed. Keep both as they are.')
    process.exitCode = Exit.NOT_SO
    return
  }
  const pin =
    file.checkpoint === null ? 'It carries no checkpoint' : 'The log still contains its checkpoint'
  console.log(
    printable(
      `${name}: sheet ${file.sheet} of pump ${file.serial}: its ${file.records.length} records are those of the log. ${pin}. ${SAYS[words?.how ?? 'data']}`,
    ),
  )
  const later = await laterRecords(place, file)
  if (later.length > 0) {
    console.log(
      `Something was written on this sheet later (records ${later.join(', ')}). Print it again.`,
    )
  }
}

const SAYS: Readonly<Record<Wording['how'], string>> = {
  bytes: 'Its page is, byte for byte, what these records give.',
  text: 'Its text is what these records give; how it is drawn was not compared.',
  data: 'It has no page to compare.',
  differs: 'Its page was made by another version of this program, so only its data were compared.',
}

/** The whole log, against the checkpoint of the sheet. */
async function pinned({ dir, stateDir }: LogPlace, file: SheetFile, { key }: VerifyFlags) {
  const { checkpoint } = file
  try {
    const result = await verify(nodeDisk, dir, {
      live: await bridgeRuns(stateDir),
      ...(key !== undefined && { key }),
      ...(checkpoint !== null && { since: checkpoint }),
    })
    return result.ok ? [] : [`the log does not hold: ${result.sentence.replace(/\.$/, '')}`]
  } catch (error) {
    if (error instanceof RangeError) return [`its checkpoint cannot be used: ${error.message}`]
    throw error
  }
}

const lastOf = ({ records }: SheetFile) => records.at(-1)?.position ?? 0

const feedOf = ({ dir, log }: LogPlace) =>
  new Feed({ env: systemEnv(), disk: nodeDisk, dir: dirname(dir), source: sourceOf(log), log })

async function worksheets(place: LogPlace, file: SheetFile) {
  const found: RecordOf<'worksheet'>[] = []
  for await (const record of feedOf(place).read({ kinds: ['worksheet'] })) {
    const one = record.api()
    if (one?.kind === 'worksheet' && one.sheet === file.sheet) found.push(one)
  }
  return found
}

/** The sheet as it stood when the file was made. */
async function sheetIn(place: LogPlace, file: SheetFile): Promise<Sheet | null> {
  const records = await worksheets(place, file)
  const then = records.filter(({ position }) => position <= lastOf(file))
  return sheetsOf(then).get(file.sheet) ?? null
}

async function laterRecords(place: LogPlace, file: SheetFile): Promise<number[]> {
  const records = await worksheets(place, file)
  return records.map(({ position }) => position).filter((position) => position > lastOf(file))
}

/** Its data against the log's records, and its readings against the interrogations they came from. */
async function figures(place: LogPlace, file: SheetFile): Promise<string[]> {
  const sheet = await sheetIn(place, file)
  if (!sheet) return [`the log has no sheet ${file.sheet}`]
  const out = dataDifferences(file, sheet)
  for (const { step, entries } of sheet.history) {
    if (step !== 'before' && step !== 'after') continue
    const reading = entries as Reading
    const is = await interrogation(place, reading)
    if (!is || !same(is, reading)) {
      out.push(`the reading at record ${reading.position} is not what the sheet took from it`)
    }
  }
  return out
}

/** The reading as its record gives it; whether a session was open then is in no record of a reading. */
async function interrogation(
  place: LogPlace,
  { position, unclosed, since }: Reading,
): Promise<Reading | null> {
  const [one, last] = [
    await readAt(place, position),
    since && (await readAt(place, since.position)),
  ]
  return one && readingOf(one, unclosed, last)
}

async function readAt(place: LogPlace, at: number): Promise<InterrogationRecord | null> {
  for await (const record of feedOf(place).read({ after: at - 1, before: at + 1 })) {
    const one = record.api()
    return one?.kind === 'interrogation' ? one : null
  }
  return null
}

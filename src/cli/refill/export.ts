// `wandbridge refill export`: a sheet as rows, as its file, or as plain text. The log is read; no bridge
// is needed. What the sheet says stays in its words; figures of the rows carry their units in the names
// of the columns, those of a reading as in `audit report`.
import { printable, printableJson } from '../../model/printable.ts'
import { conversion, wirePer } from '../../model/units.ts'
import type { Entries, Mass, Step } from '../../refill/sheet/entries.ts'
import { findings } from '../../refill/sheet/findings.ts'
import { clock, linesOf, signer } from '../../refill/sheet/lines.ts'
import { valuesOf } from '../../refill/sheet/reading.ts'
import { isCorrected, type Sheet, stateOf, type Written } from '../../refill/sheet/sheet.ts'
import type { SheetFile } from '../../refill/sheet/sheet-file.ts'
import { wordsOf } from '../../refill/sheet/words.ts'
import { csvLine } from '../audit/csv.ts'
import { interrogationCells, type Row, VALUE_COLUMNS } from '../audit/report/reading-columns.ts'
import { CommandError, Exit } from '../exit.ts'
import type { ExportFlags } from '../refill.ts'
import { sheetOf, write } from './print.ts'

export async function exportSheet(id: string, flags: ExportFlags): Promise<void> {
  if ([flags.csv, flags.json, flags.text].filter(Boolean).length !== 1) {
    throw new CommandError(
      Exit.USAGE,
      'Say as what: --csv, --json or --text, one of them. Nothing was written.',
    )
  }
  const { file, sheet } = await sheetOf(id, flags)
  const text = flags.csv
    ? sheetCsv(sheet)
    : flags.json
      ? `${printableJson(JSON.stringify(file))}\n`
      : sheetText(file, sheet)
  if (flags.out === undefined) process.stdout.write(text)
  else await write(flags.out, text)
}

/** The lines of the sheet as it stands, what was found and what was answered. */
export function sheetText({ clinic }: SheetFile, sheet: Sheet): string {
  const w = wordsOf(clinic.locale)
  const look = { clinic, words: w }
  const { source } = sheet
  const state = {
    open: w.notFinished,
    abandoned: w.stopped(sheet.steps.abandoned?.entries.reason ?? ''),
    finished: w.finishedAt(clock(sheet.steps.finish?.at ?? sheet.history.at(-1)?.at ?? '', clinic)),
  }[stateOf(sheet)]
  const steps = sheet.history.flatMap((written) => {
    const old = isCorrected(sheet, written)
    return [
      '',
      `${w.step[written.step]} (${clock(written.at, clinic)})${old ? `, ${w.corrected}` : ''}`,
      ...linesOf(written, look).map(([label, value]) => `  ${label}: ${value}`),
      ...(written.signed ? [`  ${w.sign.wrote(w.step[written.step])}: ${signer(written, w)}`] : []),
    ]
  })
  const found = findings(sheet, clinic, w).flatMap(({ text, matters, remark }) => [
    `  ${matters ? '!' : '-'} ${text}`,
    ...(remark === undefined ? [] : [`      ${w.remarkBy(remark)}`]),
  ])
  const lines = [
    `${w.title} ${sheet.id}`,
    ...(source === 'device' ? [] : [w[source]]),
    `${w.pump} ${sheet.serial}. ${w.timesIn(clinic.zone)}`,
    state,
    ...steps,
    '',
    w.differences,
    ...(found.length === 0 ? [`  ${w.noFindings}`] : found),
  ]
  return `${lines.map(printable).join('\n')}\n`
}

const DRUGS = [1, 2, 3, 4, 5]
const COLUMNS: readonly string[] = [
  ...['sheet', 'pump', 'source', 'record', 'at_utc', 'step', 'corrected_later'],
  ...['signed_by', 'signed_how', 'card', 'model', 'pseudonym'],
  ...DRUGS.flatMap((n) => [
    `label_${n}_name`,
    `label_${n}_concentration_mg_per_mL`,
    `label_${n}_concentration_mcg_per_mL`,
    `label_${n}_lot`,
    `label_${n}_expiry`,
  ]),
  ...['preparer', 'syringe_checked_by', 'aspirated_mL', 'discarded_by', 'witnessed_by'],
  ...['injected_mL', 'programmed'],
  ...DRUGS.flatMap((n) => [`ordered_${n}_mg_per_day`, `ordered_${n}_mcg_per_day`]),
  ...['operator', 'checker', 'checks', 'remark', 'answers', 'reason'],
  ...['reading_record', 'read_at_utc', 'session_not_known_closed'],
  ...VALUE_COLUMNS,
]

/** A row for each time that a step was written, in the order of the log. */
export function sheetCsv(sheet: Sheet): string {
  const rows = sheet.history.map((written): Row => {
    const { step, position, at, signed } = written
    return {
      sheet: sheet.id,
      pump: sheet.serial,
      source: sheet.source,
      record: position,
      at_utc: at,
      step,
      corrected_later: isCorrected(sheet, written),
      signed_by: signed?.operator,
      signed_how: signed?.verified,
      ...entryCells(written),
    }
  })
  const lines = rows.map((row) => csvLine(COLUMNS.map((column) => row[column])))
  return csvLine(COLUMNS) + lines.join('')
}

const inMl = (nL: number) => nL / wirePer('mL')
const inMass = (ng: number, unit: 'ng/mL' | 'ng/d', mass: Mass) => ng / conversion(unit, mass).per

/** What is alike in every step that has it. */
function shared(entries: Partial<Pick<Entries<'drug'>, 'checks' | 'remark'>>): Row {
  return {
    checks: entries.checks?.map(({ text, done }) => `${text}: ${done ? 'yes' : 'no'}`).join('; '),
    remark: entries.remark,
  }
}

function entryCells({ step, entries }: Written): Row {
  const of = <S extends Step>(_step: S) => entries as Entries<S>
  switch (step) {
    case 'identity': {
      const { card, model, pseudonym } = of(step)
      return { card, model, pseudonym }
    }
    case 'before':
    case 'after': {
      const reading = of(step)
      return {
        reading_record: reading.position,
        read_at_utc: reading.readAt,
        session_not_known_closed: reading.unclosed,
        ...interrogationCells(valuesOf(reading)),
      }
    }
    case 'drug': {
      const { drugs, preparer, checkedBy } = of(step)
      const labels = drugs.flatMap(({ name, massUnit, concentration, lot, expiry }, i) => [
        [`label_${i + 1}_name`, name] as const,
        [
          `label_${i + 1}_concentration_${massUnit}_per_mL`,
          inMass(concentration, 'ng/mL', massUnit),
        ] as const,
        [`label_${i + 1}_lot`, lot] as const,
        [`label_${i + 1}_expiry`, expiry] as const,
      ])
      return {
        ...Object.fromEntries(labels),
        preparer,
        syringe_checked_by: checkedBy,
        ...shared(of(step)),
      }
    }
    case 'aspirated': {
      const { volume, discardedBy, witnessedBy } = of(step)
      const people = { discarded_by: discardedBy, witnessed_by: witnessedBy }
      return { aspirated_mL: inMl(volume), ...people, ...shared(of(step)) }
    }
    case 'injected':
      return { injected_mL: inMl(of(step).volume), ...shared(of(step)) }
    case 'handover': {
      const { programmed, ordered = [] } = of(step)
      const doses = ordered.flatMap((one, i) =>
        one
          ? [[`ordered_${i + 1}_${one.massUnit}_per_day`, inMass(one.dose, 'ng/d', one.massUnit)]]
          : [],
      )
      return { programmed, ...Object.fromEntries(doses), ...shared(of(step)) }
    }
    case 'finish': {
      const { operator, checker, answers } = of(step)
      const said = answers?.map(({ about, text }) => `${about}: ${text}`).join('; ')
      return { operator, checker, answers: said, ...shared(of(step)) }
    }
    case 'abandoned':
      return { reason: of(step).reason }
  }
}

// The worksheet in a terminal of 80 columns: the same steps, the same answers, the same sentences as on
// the page. What was written stays when this ends at any moment.
import { intro, isCancel, log, note, outro, password, select, spinner, text } from '@clack/prompts'
import { age, dateTime, inZone } from '../../model/format.ts'
import type { Desk } from '../../refill/desk/desk.ts'
import { type Field, fieldsOf, givenOf } from '../../refill/page/form.ts'
import { type Clinic, programmed, rows } from '../../refill/sheet/compare.ts'
import { clockSentence, computedDate, reportedDate } from '../../refill/sheet/dates.ts'
import { type Reading, STEPS, type Step } from '../../refill/sheet/entries.ts'
import { findings } from '../../refill/sheet/findings.ts'
import { linesOf } from '../../refill/sheet/lines.ts'
import { figuresOf } from '../../refill/sheet/reading.ts'
import { nextStep, right, type Sheet, stateOf } from '../../refill/sheet/sheet.ts'
import type { Problem } from '../../refill/sheet/take.ts'
import type { Words } from '../../refill/sheet/words.ts'
import { WORDS } from '../../words/words.ts'

const WIDTH = 74
/** Where an operator sits: this terminal. */
const HERE = 'terminal'

/** The person has left with Ctrl+C or Escape. */
class Left extends Error {}

export async function terminal(desk: Desk): Promise<void> {
  const { words: w } = desk.context()
  intro(w.title)
  await desk.sheets()
  const source = desk.source()
  if (source === 'simulator' || source === 'replay') log.warn(wrapped(w[source]))
  log.message(wrapped(w.purpose))
  let sheet: Sheet | null = null
  try {
    await signIn(desk)
    sheet = await pick(desk)
    for (;;) {
      const step: Step | null = sheet ? nextStep(sheet) : 'identity'
      if (step === null) break
      sheet = await oneStep(desk, sheet, step, false)
    }
    if (!sheet) return
    summary(desk, sheet)
  } catch (error) {
    if (!(error instanceof Left)) throw error
    outro(wrapped(w.leftOff(sheet?.id ?? null)).replaceAll('\n', '\n   '))
    return
  }
  outro(`wandbridge refill print ${sheet.id}`)
}

/** Words at 80 columns. */
function wrapped(sentence: string): string {
  const lines = ['']
  for (const word of sentence.split(' ')) {
    const line = lines.at(-1) ?? ''
    if (line !== '' && line.length + 1 + word.length > WIDTH) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines.join('\n')
}

function kept(answer: string | symbol): string {
  if (isCancel(answer) || typeof answer === 'symbol') throw new Left()
  return answer
}

const choose = async (message: string, options: { value: string; label: string }[]) =>
  kept(await select({ message: wrapped(message), options }))

/** A choice that nobody has made is not made by whoever presses Enter: nothing stands first. */
async function ask(field: Field, before: string, w: Words): Promise<string> {
  if (field.about !== undefined) log.warn(wrapped(field.about))
  if (field.kind === 'choice') {
    const none = { value: '', label: field.optional ? w.notSaid : w.chooseOne }
    return choose(field.label, [none, ...(field.options ?? [])])
  }
  const group = field.group === undefined ? '' : `${field.group}. `
  const message = wrapped(`${group}${field.label}`)
  const placeholder = field.hint ?? ''
  return kept(await text({ message, initialValue: before, placeholder }))
}

/** Who signs what is written here, where there are operators; asked until it is right or done without. */
async function signIn(desk: Desk): Promise<void> {
  const { sign } = desk.context().words
  const names = await desk.sittings.names()
  if (names.length === 0) return
  for (;;) {
    const name = await choose(sign.title, [
      ...names.map((value) => ({ value, label: value })),
      { value: '', label: sign.withoutName },
    ])
    if (name === '') return log.info(wrapped(sign.nobody))
    const problem = await desk.signIn(HERE, name, kept(await password({ message: sign.pin })))
    if (problem === null) return log.success(wrapped(sign.signedIn(name)))
    log.error(wrapped(problem))
  }
}

/** A sheet that is not finished, or null for a new one. */
async function pick(desk: Desk): Promise<Sheet | null> {
  const { words: w, clinic } = desk.context()
  const all = (await desk.sheets()).filter((sheet) => stateOf(sheet) !== 'abandoned').reverse()
  if (all.length === 0) return null
  const options = all.slice(0, 20).map((sheet) => {
    const at = dateTime(inZone(sheet.steps.identity?.at ?? '', clinic.zone))
    const state = stateOf(sheet) === 'open' ? w.open : w.finished
    return { value: sheet.id, label: `${sheet.serial}, ${at}, ${state}` }
  })
  const id = await choose(w.title, [{ value: '', label: w.begin }, ...options])
  const sheet = all.find((one) => one.id === id) ?? null
  return sheet ? again(desk, sheet) : null
}

/** What to do with a sheet that was begun before. */
async function again(desk: Desk, sheet: Sheet): Promise<Sheet> {
  const { words: w } = desk.context()
  recall(desk, sheet)
  const steps = STEPS.filter((step) => right(sheet, step) === 'correction')
  const what = await choose(w.pumpAndSheet(sheet.serial, sheet.id), [
    { value: '', label: w.goOn },
    ...steps.map((step) => ({ value: step, label: `${w.correct}: ${w.step[step]}` })),
    ...(stateOf(sheet) === 'open' ? [{ value: 'abandoned', label: w.stopSheet }] : []),
  ])
  return what === '' ? sheet : oneStep(desk, sheet, what as Step, what !== 'abandoned')
}

function recall(desk: Desk, sheet: Sheet): void {
  const { words: w, clinic } = desk.context()
  const lines = STEPS.flatMap((step) => {
    const written = sheet.steps[step]
    if (!written) return []
    return linesOf(written, { clinic, words: w }).map(([label, value]) => `${label}: ${value}`)
  })
  note(lines.map(wrapped).join('\n'), w.writtenTitle)
}

/** Asks until the step is written, by this terminal or by somebody else. */
async function oneStep(
  desk: Desk,
  sheet: Sheet | null,
  step: Step,
  correcting: boolean,
): Promise<Sheet> {
  const { words: w, clinic } = desk.context()
  const number = (STEPS as readonly Step[]).indexOf(step) + 1
  log.step(number > 0 ? `${w.stepOf(number, STEPS.length)}: ${w.step[step]}` : w.step[step])
  const written = correcting ? sheet?.steps[step] : undefined
  const about = [
    w.lead[step],
    ...(written ? [w.correcting(dateTime(inZone(written.at, clinic.zone)))] : []),
  ]
  if (step === 'drug' && sheet) about.push(...programmedLines(desk, sheet))
  if (step === 'handover' && sheet) about.unshift((await desk.session(sheet.serial)) ?? '')
  log.message(about.filter(Boolean).map(wrapped).join('\n'))
  const id = sheet?.id ?? desk.fresh()
  let given: Record<string, string> = sheet && written ? { ...givenOf(step, sheet) } : {}
  let problem: Problem | null = null
  for (;;) {
    given = await asked(desk, sheet, step, given, problem)
    const wait = step === 'before' || step === 'after' ? spinner() : null
    wait?.start(w.takeReading)
    const by = await desk.sittings.writes(HERE)
    const result = await desk.write({ sheet: id, step, given, corrects: written?.position, by })
    wait?.stop(w.step[step])
    if ('written' in result) {
      said(desk, result.written, step)
      return result.written
    }
    if ('late' in result) {
      log.warn(wrapped(w.outOfOrder))
      const now = await desk.sheet(id)
      if (now) return now
      throw new Left()
    }
    problem = result.problem
    const sentences = [...Object.values(problem.wrong), ...problem.doubts, w.nothingWritten]
    log.error(sentences.map(wrapped).join('\n'))
  }
}

/** Fields of a step: all at first, then those that were wrong, and what a doubt needs. */
async function asked(
  desk: Desk,
  sheet: Sheet | null,
  step: Step,
  given: Record<string, string>,
  problem: Problem | null,
): Promise<Record<string, string>> {
  const { words: w, clinic } = desk.context()
  const doubtful = (problem?.doubts.length ?? 0) > 0
  const fields = fieldsOf(step, sheet, doubtful, w, clinic)
  if (fields.length === 0) return readingWanted(desk, sheet, step, given)
  const doubt = doubtful ? fields.at(-1)?.name : undefined
  const wanted = fields.filter(
    ({ name }) => !problem || name === doubt || problem.wrong[name] !== undefined,
  )
  const out = { ...given }
  for (const field of wanted) {
    if (step === 'aspirated' && /By$/.test(field.name) && /^0*$/.test(out['volume'] ?? '')) continue
    if (field.name.startsWith('doseMass') && !out[field.name.replace('Mass', '')]) continue
    out[field.name] = await ask(field, out[field.name] ?? '', w)
  }
  return out
}

/** The reading that is there, if somebody takes it, else one that is made now. */
async function readingWanted(
  desk: Desk,
  sheet: Sheet | null,
  step: Step,
  given: Record<string, string>,
): Promise<Record<string, string>> {
  const { words: w, clinic, now } = desk.context()
  const { use: _, ...rest } = given
  const reading = sheet && (step === 'before' || step === 'after') ? desk.usable(sheet, step) : null
  const old = reading && age(Math.max(0, Date.parse(now) - Date.parse(reading.readAt)))
  const use = await choose(w.readyQuestion, [
    { value: '', label: w.readNow },
    ...(reading && old !== null
      ? [
          {
            value: String(reading.position),
            label: w.useReading(dateTime(inZone(reading.readAt, clinic.zone)), old),
          },
        ]
      : []),
  ])
  return use === '' ? rest : { ...rest, use }
}

/** What the pump is programmed with, to be held against the syringe. */
function programmedLines(desk: Desk, sheet: Sheet): string[] {
  const { clinic, words: w } = desk.context()
  const { before } = sheet.steps
  const drugs = before ? figuresOf(before.entries).drugs : []
  return drugs.map((drug) => `${w.pumpSays}: ${programmed(drug, clinic.locale) ?? w.notSaid}`)
}

/** Reads back what was written, with its units. */
function said(desk: Desk, sheet: Sheet, step: Step): void {
  const { clinic, words: w } = desk.context()
  const written = sheet.steps[step]
  if (!written) return
  const lines = linesOf(written, { clinic, words: w }).map(([label, value]) => `${label}: ${value}`)
  log.success(lines.map(wrapped).join('\n'))
  if (step === 'before' || step === 'aspirated' || step === 'after') findingLines(desk, sheet)
  if (step === 'after') beside(desk, sheet)
}

function findingLines(desk: Desk, sheet: Sheet): void {
  const { clinic, words: w } = desk.context()
  for (const { text: sentence, matters } of findings(sheet, clinic, w)) {
    if (matters) log.warn(wrapped(sentence))
    else log.info(wrapped(sentence))
  }
}

/** What changed and, as loudly, what did not. */
export function besideLines(before: Reading, after: Reading, clinic: Clinic): string[] {
  const { change } = WORDS[clinic.locale]
  return rows(before, after, clinic).map(
    (row) => `${change[row.change].toUpperCase()}: ${row.what}: ${row.before} → ${row.after}`,
  )
}

/** Before and after. */
function beside(desk: Desk, sheet: Sheet): void {
  const { clinic } = desk.context()
  const { before, after } = sheet.steps
  if (!before || !after) return
  log.message(besideLines(before.entries, after.entries, clinic).map(wrapped).join('\n'))
}

function summary(desk: Desk, sheet: Sheet): void {
  const { clinic, words: w } = desk.context()
  findingLines(desk, sheet)
  const reading = sheet.steps.after?.entries
  if (!reading) return
  const own = computedDate(reading, clinic, w)
  const lines = [
    `${w.alarmDate}: ${reportedDate(reading, w)}`,
    clockSentence(reading, clinic),
    ...(own ? [`${w.computed}: ${own}`] : []),
  ]
  log.message(lines.map(wrapped).join('\n'))
}

// What the pump itself says that must not be overlooked: alarms, not infusing, its clock, its service
// life, restarts, an open session, another pump, and every change of its programme. Each is a finding of
// its own, with a name under which its answer is kept. Pure.
import { compare } from '../../model/comparison.ts'
import { age, count, dateTime, inZone, type Locale } from '../../model/format.ts'
import { patientKey } from '../../model/owner.ts'
import { isUnread, type Kept } from '../../model/reading.ts'
import { logsBefore } from '../../model/source.ts'
import type { Value } from '../../model/value.ts'
import { agrees, clockText } from '../../words/clock.ts'
import { type LeftOut, type Told, told } from '../../words/comparison.ts'
import { named, WORDS } from '../../words/words.ts'
import type { Finding } from './compare.ts'
import type { Reading } from './entries.ts'
import { fieldsIn, infusingIn, valuesOf } from './reading.ts'
import { ownerOn, type Sheet } from './sheet.ts'
import type { Words } from './words.ts'

type When = 'before' | 'after'

interface Look {
  readonly locale: Locale
  readonly zone: string
  readonly words: Words
}

/** A name for a field of a form, whatever the pump has said. */
const name = (...parts: readonly string[]) =>
  parts
    .join('.')
    .replace(/[^\w.-]+/g, '-')
    .slice(0, 100)

/**
 * Programme changes that another finding tells: what the pump was told of the refill is held against the
 * syringe there.
 */
const TOLD_ELSEWHERE: LeftOut = {
  'reservoir.filledVolume': 'It is held against what was injected.',
}

export function pumpFindings(sheet: Sheet, look: Look): Finding[] {
  const before = sheet.steps.before?.entries
  const after = sheet.steps.after?.entries
  const out: Finding[] = []
  const now = after ? ofReading('after', after, look) : []
  if (before) out.push(...thenOf(ofReading('before', before, look), after ? now : null, look))
  out.push(...now)
  out.push(...whose(sheet, look.words))
  if (before && after) out.push(...betweenReadings(before, after, look))
  return out
}

/** Whose pump it is, where two say it and do not say the same. */
function whose(sheet: Sheet, { pumpSaid: says }: Words): Finding[] {
  const { identity, before, after } = sheet.steps
  const out: Finding[] = []
  const typed = identity?.entries.pseudonym
  const [then, now] = [before?.entries, after?.entries]
  const owner = ownerOn(sheet)
  if (typed !== undefined && owner && typed !== owner.value)
    out.push({ id: 'owner.other', text: says.ownerOther(typed, owner.value), matters: true })
  const key = (reading: Reading | undefined) => reading?.owner && patientKey(reading.owner)
  if (then && now && key(then) !== key(now)) {
    const text = says.ownerChanged(
      then.owner?.value ?? says.ownerNone,
      now.owner?.value ?? says.ownerNone,
    )
    out.push({ id: 'owner.changed', text, matters: true })
  }
  return out
}

const SINCE = 'since'
/** Whether a finding is of the time since the last visit. */
export const isSince = ({ id }: Pick<Finding, 'id'>): boolean => id.startsWith(`${SINCE}.`)

/** Alarms that came and went between the visit before and the reading before, by the pump's own log. */
export function sinceLastVisit({ steps, log }: Sheet, look: Look): Finding[] {
  const before = steps.before?.entries
  const says = look.words.pumpSaid
  const { since } = before ?? {}
  if (!since) {
    const earlier = logsBefore(log)
    if (!before || earlier === 0) return []
    const text = says.elsewhere(log, count(earlier))
    return [{ id: name(SINCE, 'elsewhere'), text, matters: false }]
  }
  const at = dateTime(inZone(since.readAt, look.zone))
  const out = since.alarms.map(({ code, occurredAt }): Finding => {
    const what = named(WORDS[look.locale].alarm, code, says.unnamed)
    const when = occurredAt === null ? look.words.notSaid : dateTime(occurredAt)
    const id = name(SINCE, 'alarm', `${code}-${occurredAt}`)
    return { id, text: says.cameAndWent(at, what, when), matters: true }
  })
  const lost = since.overwritten
  if (lost === null) out.push({ id: 'since.lost', text: says.sinceUnknown(at), matters: false })
  else if (lost > 0) {
    out.push({ id: 'since.lost', text: says.sinceLost(at, count(lost)), matters: true })
  }
  return out
}

/**
 * What the reading before said, beside that after: what still stands is told there; what is over asks for
 * an answer only where the patient has been without the drug, or may have been.
 */
function thenOf(
  then: readonly Said[],
  now: readonly Said[] | null,
  { words: w }: Look,
): readonly Finding[] {
  if (now === null) return then
  const still = new Set(now.map(({ id }) => id.replace(/^after\./, '')))
  return then
    .filter(({ id }) => !still.has(id.replace(/^before\./, '')))
    .map((one) => ({
      ...one,
      text: `${one.text} ${w.pumpSaid.over}`,
      matters: one.urgent === true,
    }))
}

interface Said extends Finding {
  /** Asks for an answer even when it is over. */
  readonly urgent?: boolean
}

function ofReading(when: When, reading: Reading, look: Look): Said[] {
  const { words: w } = look
  const all = WORDS[look.locale]
  const values = fieldsIn(reading)
  const says = w.pumpSaid
  const out: Said[] = []
  const add = (id: string, text: string, urgent = false) =>
    void out.push({ id: name(when, id), text: `${w[when]}: ${text}`, matters: true, urgent })

  for (const alarm of values.alarms.alarms ?? []) {
    if (alarm.class.value === 'log-only' || alarm.state.value === 'inactive') continue
    const critical = alarm.class.value === 'critical'
    const code = alarm.code.value === null ? null : String(alarm.code.value)
    const text = says.alarm(named(all.alarm, code, says.unnamed), critical)
    add(`alarm.${alarmKey(alarm)}`, text, critical)
  }

  const state = codeOf(values.status.state)
  const mode = codeOf(values.infusion.mode)
  const gives = infusingIn(reading)
  if (gives !== 'programmed') {
    const own = named(all.pumpState, state, all.notAvailable)
    const how = named(all.mode, mode, all.notAvailable)
    add('infusing', says.infusing[gives](own, how), true)
  }

  const battery = codeOf(values.battery.state)
  if (battery !== null && battery !== 'ok') add('battery', named(all.battery, battery, ''))

  const clocks = {
    deviceTime: values.clock.deviceTime.value,
    hostTime: reading.hostTime,
    uncertainty: reading.uncertaintyMs,
  }
  if (!agrees(clocks, look.zone)) add('clock', clockText(clocks, { zone: look.zone, words: all }))
  if (reading.unclosed) add('session', says.unclosed)
  if (reading.contradicted) add('contradicted', says.contradicted, true)
  return out
}

const codeOf = (value: Value): string | null => (value.value === null ? null : String(value.value))

type AlarmValues = { readonly id: Value; readonly code: Value; readonly occurredAt: Value }
const alarmKey = ({ id, code, occurredAt }: AlarmValues): string =>
  id.value === null ? `${code.value}-${occurredAt.value}` : `${code.value}-${id.value}`

/** What differs between the readings that somebody must have wanted, or must explain. */
function betweenReadings(before: Reading, after: Reading, { locale, words: w }: Look): Finding[] {
  const [was, is] = [fieldsIn(before), fieldsIn(after)]
  const look = { locale, words: WORDS[locale] }
  const rows = told(compare(valuesOf(before), valuesOf(after)), look, TOLD_ELSEWHERE)
  const says = w.pumpSaid
  // What a part that was not read hides is told by that part's own finding.
  const read = ({ id }: Told) => {
    const block = id.split('.')[0] as Kept
    return !isUnread(before.blocks[block]) && !isUnread(after.blocks[block])
  }
  const out: Finding[] = rows
    .filter((row) => asksForAnswer(row) || (saidOnce(row) && read(row)))
    .map(({ id, role, what, change, before: a, after: b }) => ({
      id: name('changed', id),
      text:
        role === 'identity'
          ? says.identityChanged(what, a, b)
          : change === 'unknown'
            ? says.programmeUnknown(what, a, b)
            : says.programmeChanged(what, a, b),
      matters: true,
    }))
  const grew = (id: string, a: Value<number>, b: Value<number>, text: string) => {
    if (a.value === null || b.value === null || b.value === a.value) return
    out.push({ id: name('changed', id), text, matters: true })
  }
  grew('status.resets', was.status.resets, is.status.resets, says.restarted)
  grew('clock.resets', was.clock.resets, is.clock.resets, says.clockReset)
  const [from, to] = [was.clock.deviceTime.value, is.clock.deviceTime.value]
  if (from !== null && to !== null) {
    const moved = Date.parse(`${to}Z`) - Date.parse(`${from}Z`)
    const passed = Date.parse(after.hostTime) - Date.parse(before.hostTime)
    if (Math.abs(moved - passed) > CLOCK_MOVED_MS) {
      const by = age(Math.abs(moved - passed))
      out.push({
        id: 'changed.clock',
        text: moved < passed ? says.clockBack(by) : says.clockForward(by),
        matters: true,
      })
    }
  }
  return out
}

/** The pump's clock counts seconds, and both readings know it to within one or a few. */
const CLOCK_MOVED_MS = 60_000

const CHANGED: readonly Told['change'][] = ['changed', 'appeared', 'gone']
const asksForAnswer = ({ role, change }: Told) =>
  (role === 'identity' || role === 'programme') && CHANGED.includes(change)

/** Of the programme, and one of the readings says it and the other does not. */
const saidOnce = ({ role, change, said }: Told) =>
  role === 'programme' && change === 'unknown' && said

// Since the last visit: which reading that was, and what is another now. Plain differences, both sides
// shown; nothing is judged. Pure.

import type { ScalarField } from '../../protocol/codec/struct.ts'
import { Bolus } from '../../protocol/fields/bolus.ts'
import { Drug } from '../../protocol/fields/drugs.ts'
import { Infusion, ScheduleStep } from '../../protocol/fields/infusion.ts'
import { Reservoir } from '../../protocol/fields/reservoir.ts'
import type { Visit } from '../../src/model/api.ts'
import type { Content } from '../../src/model/content.ts'
import { deviceTimeSeconds, type Value } from '../../src/model/value.ts'
import { named } from '../../src/words/words.ts'
import { type Reader, shown, timeOfDay } from './reader.ts'

/** Readings closer to each other are one visit. */
const VISIT_S = 3_600

/** A moment on both clocks: whichever says that an hour lies between, it was another visit. */
export interface When {
  readonly readAt: string
  readonly deviceTime: string | null
}

function apart(a: When, b: When): number {
  const here = Math.abs(Date.parse(a.readAt) - Date.parse(b.readAt)) / 1000
  if (a.deviceTime === null || b.deviceTime === null) return here
  return Math.max(here, Math.abs(deviceTimeSeconds(a.deviceTime) - deviceTimeSeconds(b.deviceTime)))
}

/** The newest reading of the visit before this one; null = none is recorded. `visits` oldest first. */
export function lastVisit<V extends When>(visits: readonly V[], now: When): V | null {
  let later = now
  for (const visit of [...visits].reverse()) {
    if (visit.readAt > now.readAt) continue
    if (apart(visit, later) >= VISIT_S) return visit
    later = visit
  }
  return null
}

export type Moment = Pick<Visit, 'id' | 'readAt' | 'deviceTime' | 'position'>

export interface Change {
  readonly what: string
  readonly before: string
  readonly now: string
}

type Programme = Pick<Content, 'reservoir' | 'infusion'>

/** What of the programme is another than before. */
export function changesOf(before: Programme, now: Programme, reader: Reader): Change[] {
  const old = linesOf(before, reader)
  const current = linesOf(now, reader)
  const names = new Set([...old.keys(), ...current.keys()])
  return [...names].flatMap((what) => {
    const [a, b] = [old.get(what), current.get(what)]
    if (a?.key === b?.key) return []
    return [{ what, before: a?.text ?? '–', now: b?.text ?? '–' }]
  })
}

/** `key` tells apart what the display resolution would not. */
interface Line {
  readonly key: string
  readonly text: string
}

function linesOf({ reservoir, infusion }: Programme, reader: Reader): Map<string, Line> {
  const { page, mode, notAvailable } = reader.words
  const lines = new Map<string, Line>()
  const put = (what: string, field: ScalarField, value: Value) =>
    lines.set(what, {
      key: `${value.value} ${value.unit} ${value.raw}`,
      text: shown(reader, field, value),
    })
  const { schedule, drugs, patientBolus } = infusion
  lines.set(page.mode, {
    key: String(infusion.mode.value),
    text: named(mode, infusion.mode.value, notAvailable),
  })
  // Of a schedule the rate of the moment says nothing about the programme.
  if (schedule.length === 0) put(page.rate, Infusion.fields.rate, infusion.rate)
  else {
    const steps = schedule.map(
      ({ start, rate }) =>
        `${timeOfDay(start.value, notAvailable)} ${shown(reader, ScheduleStep.fields.rate, rate)}`,
    )
    const key = JSON.stringify(schedule.map(({ start, rate }) => [start.value, rate.value]))
    lines.set(page.schedule, { key, text: steps.join('; ') })
  }
  put(page.volume24h, Infusion.fields.volume24h, infusion.volume24h)
  drugs.forEach((drug, n) => {
    const place = drugs.length > 1 ? `${n + 1}, ` : ''
    const name = drug.name ?? page.unreadableName
    lines.set(`${page.drug} ${place}`.replace(/,? $/, ''), { key: name, text: name })
    put(`${place}${page.concentration}`, Drug.fields.concentration, drug.concentration)
    put(`${place}${page.dose24h}`, Drug.fields.dose24h, drug.dose24h)
  })
  const on = patientBolus.enabled.value === 'on'
  put(page.bolus, Bolus.fields.enabled, patientBolus.enabled)
  if (on) {
    put(`${page.bolus}: ${page.bolusEach}`, Bolus.fields.volume, patientBolus.volume)
    put(`${page.bolus}: ${page.bolusLockout}`, Bolus.fields.lockout, patientBolus.lockout)
    put(`${page.bolus}: ${page.bolusMost}`, Bolus.fields.maxPerDay, patientBolus.maxPerDay)
  }
  put(page.lowMark, Reservoir.fields.lowAlarmVolume, reservoir.lowAlarmVolume)
  put(page.lastRefill, Reservoir.fields.filledAt, reservoir.filledAt)
  put(page.refillVolume, Reservoir.fields.filledVolume, reservoir.filledVolume)
  return lines
}

/** Events the pump has logged since; `lost` of them it has overwritten already. */
export function eventsSince(
  before: Pick<Content, 'events'>,
  now: Pick<Content, 'events'>,
): { readonly entries: Content['events']['entries']; readonly lost: number } {
  const last = before.events.total ?? 0
  const entries = now.events.entries.filter(({ number }) => number === null || number > last)
  const total = now.events.total ?? last
  return { entries, lost: Math.max(0, total - last - entries.length) }
}

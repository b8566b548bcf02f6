// What the pump has logged itself goes to FHIR and HL7 alike, each event once, with codes that are verified or
// ours: over every scenario, with days between the readings.
import { describe, expect, it } from 'vitest'
import { systemEnv } from '../../src/base/env.ts'
import { eventObservations } from '../../src/fhir/pump-events.ts'
import { destinationSchema } from '../../src/hl7/config.ts'
import { PROFILE } from '../../src/hl7/heading.ts'
import { messageOf } from '../../src/hl7/messages.ts'
import { hl7Sender } from '../../src/hl7/sender.ts'
import { OWN_CODES, PUMP_EVENTS } from '../../src/model/nomenclature.ts'
import { eventRows } from '../../src/model/pump-event-rows.ts'
import type { CodedRecord, RecordOf } from '../../src/model/record.ts'
import { VERIFIED } from '../fhir/domain-codes.ts'
import { checkEnums } from '../fhir/enums.ts'
import { hasJudges, validator } from '../fhir/oracle.ts'
import { interrogations, NAMES, recordsOf } from '../fhir/readings.ts'
import { parsed } from './parsers.ts'

const logged = (records: readonly CodedRecord[]) =>
  records.filter((one): one is RecordOf<'pump-events'> => one.kind === 'pump-events')

describe('the events of the pump', () => {
  it.for(NAMES)(
    'of %s are each told once, right behind the reading that has them',
    async (name) => {
      const records = await recordsOf(name)
      const byPump = new Map<string, number>()
      for (const read of interrogations(records)) {
        const { total, entries } = read.events
        const id = read.pump?.id ?? ''
        const before = byPump.get(id)
        if (total === null || entries === null) continue
        const told = logged(records).filter(
          (one) =>
            one.pump?.id === id && one.snapshot === read.snapshot && one.position > read.position,
        )[0]
        const fresh =
          before === undefined ? [] : entries.filter(({ number }) => (number ?? 0) > before)
        if (fresh.length > 0) {
          expect(told?.entries).toEqual(fresh)
          expect(told?.upTo).toBe(total)
          expect(told?.overwritten).toBe(total - (before ?? 0) - fresh.length)
        }
        byPump.set(id, total)
      }
    },
  )

  it('tell alarms that came and went, stalls and recoveries', async () => {
    const all = (await Promise.all(NAMES.map(recordsOf))).flatMap(logged)
    const codes = new Set(all.flatMap(({ entries }) => entries.map(({ code }) => code)))
    for (const code of ['alarm-raised', 'stall-began', 'stall-recovered']) {
      expect(codes, code).toContain(code)
    }
  })

  it.for(NAMES)(
    'of %s say the same in FHIR and in HL7, with verified codes or ours',
    async (name, { skip }) => {
      const records = logged(await recordsOf(name))
      const validate = hasJudges ? await validator() : () => {}
      const messages = await parsed(
        records.map((one) => messageOf(one)),
        { skip },
      )
      const own = OWN_CODES.map(({ ref }) => ref)
      for (const [i, record] of records.entries()) {
        const message = messages[i]
        expect(message?.trigger).toBe('R42')
        const rows = message?.rows.filter(({ status, flag }) => status !== 'X' || flag !== '') ?? []
        const observations = eventObservations(record)
        const expected = record.entries.flatMap((event) => eventRows(event))
        expect(rows.map(({ ref }) => ref)).toEqual(expected.map(({ code }) => code.ref))
        let row = 0
        for (const [n, event] of record.entries.entries()) {
          const observation = observations[n]
          expect(observation?.id).toBe(`${record.log}.${record.position}.event-${event.number}`)
          expect(observation?.effectiveDateTime).toBe(record.readAt)
          checkEnums(observation as never)
          validate(observation as object)
          const word = observation?.valueCodeableConcept?.text?.replaceAll(' ', '-')
          expect(word).toBe(event.code)
          const code = PUMP_EVENTS[event.code ?? '']
          expect(rows[row]?.value).toBe(String(code?.mdc ?? 0))
          for (const value of eventRows(event)) {
            if (value.kind === 'number') expect(Number(rows[row]?.value)).toBe(value.value)
            if (value.kind === 'time') expect(rows[row]?.value).toBe(value.value)
            row += 1
          }
          const numbers = observation?.component?.map(({ valueQuantity }) => valueQuantity?.value)
          expect(numbers).toContain(event.number)
        }
        const text = messageOf(record)
        for (const [, number = '', ref = ''] of text.matchAll(/[|^]([^|^]*)\^([^|^]*)\^MDC/g)) {
          if (number === '0') expect(own).toContain(ref)
          else if (!ref.startsWith('MDC_DIM_')) expect(VERIFIED).toContain(Number(number))
        }
        // A group for each, of when it was read; no identifier of a profile is claimed.
        const obr = text.split('\r').filter((line) => line.startsWith('OBR'))
        expect(obr).toHaveLength(record.entries.length)
        expect(new Set(obr.map((line) => line.split('|')[3])).size).toBe(obr.length)
        expect(text.split('\r')[0]?.split('|')[20]).toBeUndefined()
      }
    },
  )

  it('go to a destination only when it is configured to have them', () => {
    const config = (more: object) =>
      destinationSchema.parse({ name: 'emr', host: '127.0.0.1', port: 1, ...more })
    const nothing = { reading: () => Promise.reject(), of: () => Promise.reject() }
    const kinds = (more: object) => hl7Sender(systemEnv(), config(more), nothing).kinds
    expect(kinds({})).toEqual(['interrogation', 'session'])
    expect(kinds({ events: true })).toEqual(['interrogation', 'session', 'pump-events'])
    expect(kinds({ alarms: true, events: true })).toEqual([
      'interrogation',
      'session',
      'alarm',
      'pump-events',
    ])
  })
})

it('MSH-3 to MSH-6 have the components that are configured, and no more than an HD has', async () => {
  const [record] = interrogations(await recordsOf('mixture'))
  if (!record) throw new Error('no reading')
  const hd = 'EMR^1.2.3.4^ISO'
  const names = [
    'sendingApplication',
    'sendingFacility',
    'receivingApplication',
    'receivingFacility',
  ]
  const given = Object.fromEntries(names.map((name) => [name, hd]))
  const [msh = ''] = messageOf(record, { ...PROFILE, ...given }).split('\r')
  expect(msh.split('|').slice(2, 6)).toEqual([hd, hd, hd, hd])
  const plain = { ...PROFILE, sendingApplication: 'A&B|C' }
  expect(messageOf(record, plain).split('|')[2]).toBe('A\\T\\B\\F\\C')
  const at = { name: 'emr', host: '127.0.0.1', port: 1 }
  for (const name of names) {
    expect(destinationSchema.safeParse({ ...at, [name]: hd }).success).toBe(true)
    expect(destinationSchema.safeParse({ ...at, [name]: 'a^b^c^d' }).success).toBe(false)
  }
})

// Ten situations of a hospital, each with the right owner of each reading: before, in between and afterwards, and
// again after a restart. What has been recorded stays as it was recorded.
import { appendFileSync, truncateSync, writeFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { samePeople } from '../../src/model/owner.ts'
import { closeAll } from '../delivery/senders.ts'
import { codeOf, csv, SYSTEM, world } from './world.ts'

afterEach(closeAll)

/** A pump P1 that is A's, at a place of the table. */
async function ofA(more: Parameters<typeof world>[0] = {}) {
  const w = await world(more)
  await w.table(csv('P1,A,,WARD'))
  await w.begin()
  await w.until('A')
  return w
}
type W = Awaited<ReturnType<typeof world>>

const at = async (w: W) => (await w.ownerAt(await w.read('P1')))?.location ?? null

describe('a reading belongs to whom the pump belonged to when it was read', {
  timeout: 60_000,
}, () => {
  it('admit: where the patient is, is the hospital’s word, and no pump becomes anybody’s by it', async () => {
    const w = await ofA()
    const before = await w.read('P1')
    expect(
      codeOf(await w.send(w.message('A01', '20260105080000', 'A', { location: 'W1^2^3' }))),
    ).toBe('AA')
    const after = await w.read('P1')
    // Somebody who has no pump here is taken, and nothing of it is kept.
    const head = w.feed().head()?.size
    expect(codeOf(await w.send(w.message('A01', '20260105080000', 'X', { location: 'W9' })))).toBe(
      'AA',
    )
    expect(w.feed().head()?.size).toBe(head)
    expect(await w.ownerAt(before)).toEqual({ system: SYSTEM, value: 'A', location: 'WARD' })
    expect(await w.ownerAt(after)).toEqual({ system: SYSTEM, value: 'A', location: 'W1^2^3' })
    expect(await w.now('P2')).toBeNull()
    await w.restart()
    expect(await at(w)).toBe('W1^2^3')
  })

  it('transfer, registration and discharge move the patient, not the pump', async () => {
    const w = await ofA()
    const places: (string | null)[] = []
    for (const [event, time, location] of [
      ['A04', '20260105080000', 'ER'],
      ['A02', '20260105090000', 'ICU^1'],
      ['A08', '20260105100000', undefined],
      ['A08', '20260105110000', '""'],
      ['A02', '20260105120000', 'W2'],
      ['A03', '20260105130000', 'W2'],
    ] as const) {
      const text = w.message(event, time, 'A', location === undefined ? {} : { location })
      expect(codeOf(await w.send(text)), event).toBe('AA')
      places.push(await at(w))
    }
    expect(places).toEqual(['ER', 'ICU^1', 'ICU^1', null, 'W2', null])
    expect(await w.now()).toBe('A')
  })

  it('merge: the patient goes on under the other identifier, and what was read stays under the old one', async () => {
    const w = await ofA()
    const before = await w.read('P1')
    expect(codeOf(await w.send(w.message('A40', '20260105080000', 'B', { old: 'A' })))).toBe('AA')
    const between = await w.read('P1')
    expect(codeOf(await w.send(w.message('A40', '20260105090000', 'C', { old: 'B' })))).toBe('AA')
    expect(codeOf(await w.send(w.message('A08', '20260105100000', 'C', { location: 'W3' })))).toBe(
      'AA',
    )
    const after = await w.read('P1')
    // The table has the old one still, and is read again.
    await w.table(csv('P1,A,,WARD', 'P2,Z,,'))
    await w.until('Z', 'P2')
    expect(await w.now()).toBe('C')
    const values = [before, between, after].map(async (one) => (await w.ownerAt(one))?.value)
    expect(await Promise.all(values)).toEqual(['A', 'B', 'C'])
    expect((await w.ownerAt(after))?.location).toBe('W3')
    // Back again would be a circle.
    const circle = await w.send(w.message('A40', '20260105110000', 'A', { old: 'C' }))
    expect(codeOf(circle)).toBe('AR')
    await w.restart()
    expect(await w.now()).toBe('C')
  })

  it('merge: it is known in a log that is begun anew, too, and of nobody who has no pump any more', async () => {
    const w = await ofA()
    await w.table(csv('P1,A,,WARD', 'P2,Z,,'))
    await w.until('Z', 'P2')
    await w.send(w.message('A40', '20260105080000', 'B', { old: 'A' }))
    await w.send(w.message('A08', '20260105100000', 'B', { location: 'W3' }))
    await w.send(w.message('A40', '20260105080000', 'Y', { old: 'Z' }))
    const log = w.feed().head()?.log
    await w.table(csv('P1,A,,WARD'))
    await w.until(null, 'P2')
    await w.anotherLog()
    expect(w.feed().head()?.log).not.toBe(log)
    await w.until('B')
    expect(await at(w)).toBe('W3')
    const told: unknown[] = []
    for await (const { record } of w.feed().read({ kinds: ['patient-told'] })) {
      if (record.kind === 'patient-told') told.push([record.body.patient.value, record.body.event])
    }
    expect(told).toEqual([
      ['A', 'again'],
      ['B', 'again'],
    ])
    // What is older than what was told stays so, and nothing is told twice.
    await w.send(w.message('A08', '20260105090000', 'B', { location: 'OLD' }))
    expect(await at(w)).toBe('W3')
    const size = w.feed().head()?.size
    await w.restart()
    expect(await w.now()).toBe('B')
    expect(w.feed().head()?.size).toBeLessThanOrEqual((size ?? 0) + 4)
  })

  it('merge: it stays true when the log does not hold the records of it any more', async () => {
    const w = await ofA()
    await w.send(w.message('A40', '20260105080000', 'B', { old: 'A' }))
    await w.send(w.message('A40', '20260105090000', 'C', { old: 'B' }))
    await w.send(w.message('A02', '20260105100000', 'C', { location: 'W3' }))
    const told = w.feed().head()?.size ?? 0
    const all = [await w.read('P1')]
    for (let i = 0; i < 12; i += 1) all.push(await w.read('P1'))
    // Twice: the second time what was told again is let go, too.
    for (const _ of [1, 2]) {
      const size = w.feed().head()?.size ?? 0
      const oldest = await w.retention()
      expect(oldest).toBeGreaterThan(told)
      await w.until('C')
      expect(await at(w)).toBe('W3')
      for (const position of all.filter((one) => one >= oldest)) {
        expect(await w.ownerAt(position)).toMatchObject({ value: 'C', location: 'W3' })
      }
      // Who asks for the patient under an old identifier finds what was read since.
      const people = samePeople(w.knowledge().owners(), ({ value }) => value === 'A')
      expect(people.map(({ value }) => value).sort()).toEqual(['A', 'B', 'C'])
      for (let i = 0; i < 12; i += 1) await w.read('P1')
      expect(w.feed().head()?.size).toBeGreaterThan(size)
    }
    // Nothing of it can be told the other way round now.
    expect(codeOf(await w.send(w.message('A40', '20260106080000', 'A', { old: 'C' })))).not.toBe(
      'AA',
    )
    expect(await w.now()).toBe('C')
  })

  it('wrong order: what is older than what is known changes nothing, a merge always counts', async () => {
    const w = await ofA()
    await w.send(w.message('A02', '20260105100000', 'A', { location: 'NEW' }))
    expect(codeOf(await w.send(w.message('A02', '20260105090000', 'A', { location: 'OLD' })))).toBe(
      'AA',
    )
    expect(await at(w)).toBe('NEW')
    // With zones: 11:30 at +02:00 is before 10:00.
    await w.send(w.message('A02', '20260105113000+0200', 'A', { location: 'OLDER' }))
    expect(await at(w)).toBe('NEW')
    await w.restart()
    await w.send(w.message('A02', '20260105093000', 'A', { location: 'OLD' }))
    expect(await at(w)).toBe('NEW')
    await w.send(w.message('A40', '20260105080000', 'B', { old: 'A' }))
    expect(await w.now()).toBe('B')
  })

  it('duplicate: it is answered as before, and counts once', async () => {
    const w = await ofA()
    const text = w.message('A02', '20260105100000', 'A', { location: 'W1', id: 'same' })
    expect(codeOf(await w.send(text))).toBe('AA')
    const size = w.feed().head()?.size
    expect(codeOf(await w.send(text))).toBe('AA')
    expect(w.feed().head()?.size).toBe(size)
    await w.send(w.message('A02', '20260105110000', 'A', { location: 'W2' }))
    expect(codeOf(await w.send(text))).toBe('AA')
    expect(await at(w)).toBe('W2')
    const merge = w.message('A40', '20260105120000', 'B', { old: 'A', id: 'merge' })
    for (let i = 0; i < 3; i += 1) expect(codeOf(await w.send(merge))).toBe('AA')
    expect(await w.now()).toBe('B')
  })

  it('unknown segments, events and kinds of messages', async () => {
    const w = await ofA()
    const more = 'ZPI|1|what nobody knows\rOBX|1|ST|x||y\rZZZ'
    expect(
      codeOf(await w.send(w.message('A08', '20260105100000', 'A', { location: 'W1', more }))),
    ).toBe('AA')
    expect(await at(w)).toBe('W1')
    for (const [event, code] of [
      ['A11', 'AR'],
      ['A99', 'AR'],
      ['A40', 'AE'],
    ] as const) {
      const reply = await w.send(w.message(event, '20260105110000', 'A', { location: 'W2' }))
      expect(codeOf(reply), event).toBe(code)
      expect(reply).toMatch(/\rERR\|/)
    }
    const oru = w.message('A08', '20260105110000', 'A').replace('ADT^A08', 'ORU^R01')
    expect(codeOf(await w.send(oru))).toBe('AR')
    expect(codeOf(await w.send('PID|1||A\r'))).toBe('AR')
    expect(codeOf(await w.send(w.message('A08', 'noon', 'A')))).toBe('AE')
    expect(await at(w)).toBe('W1')
    expect(w.status()?.adt).toEqual({ accepted: 1, errors: 2, rejected: 4 })
  })

  it('two patients on one pump: who has it keeps it, who had it not is nobody, and it is shown', async () => {
    const w = await ofA()
    await w.table(csv('P1,A,,WARD', 'P1,B,,', 'P2,C,,', 'P2,D,,', 'P3,E,,'))
    await w.refused()
    await w.until('E', 'P3')
    expect(await w.now()).toBe('A')
    expect(await w.now('P2')).toBeNull()
    expect(w.status()).toMatchObject({ refused: ['P1', 'P2'], assigned: 2 })
    expect(w.said.join(' ')).toContain('Pump P1: the table gives it to two patients.')
    const kinds = { kinds: ['assignment'] as const }
    const refused: string[] = []
    for await (const { record } of w.feed().read(kinds)) {
      if (record.kind === 'assignment' && record.body.change === 'refused')
        refused.push(record.pump ?? '')
    }
    expect(refused).toEqual(['P1', 'P2'])
    await w.table(csv('P1,B,,', 'P2,C,,', 'P3,E,,'))
    await w.until('C', 'P2')
    expect(await w.now()).toBe('B')
    expect(w.status()).toMatchObject({ refused: [], problem: null })
    // Two patients, one of whom is said of every model of that serial.
    await w.table('serial,model,value\nP4,,A\nP4,M9,B\n')
    await w.refused()
    expect(await w.now('P4')).toBeNull()
  })

  it('a table that is edited while it is read counts when it is whole, and as a whole', async () => {
    const w = await ofA({ settleSeconds: 0.4 })
    // Somebody writes line by line, for as long as they like; at every line's end it would be a table.
    writeFileSync(w.file, 'serial,value,name,location\n')
    for (const row of ['P2,B,,', 'P3,C,,', 'P1,N,,', 'P4,D,,']) {
      await setTimeout(150)
      expect([await w.now(), await w.now('P2')]).toEqual(['A', null])
      appendFileSync(w.file, `${row}\n`)
    }
    await w.until('N')
    expect([await w.now('P2'), await w.now('P4')]).toEqual(['B', 'D'])
  })

  it('half a table, an empty one, none, and one that is too long: the last good one stays, and it is said', async () => {
    const w = await ofA()
    const whole = csv('P2,B,,', 'P1,N,,WARD')
    await w.table(whole.slice(0, -2))
    await w.wrong('half a file')
    expect(await w.now()).toBe('A')
    await w.table('')
    await w.wrong('empty')
    await w.table('serial,value,name,location\nP1,N,\n')
    await w.wrong('line 2 has 3 cells')
    await w.table(csv('P1,"N,,'))
    await w.wrong('a quote is not closed')
    await w.table(csv('P1,,,W'))
    await w.wrong('line 2: value')
    await w.table('serial,value,note\nP1,N,x\n')
    await w.wrong('no column is called "note"')
    expect(await w.now()).toBe('A')
    await w.restart()
    expect(await w.now()).toBe('A')
    await w.table(whole)
    truncateSync(w.file, 5 << 20)
    await w.wrong('longer than')
    await w.table(whole)
    await w.until('N')
    await w.right()
    // A pump that the table does not name any more is nobody's.
    await w.table(csv('P2,B,,'))
    await w.until(null)
  })

  it('ISO-8859-1 is refused clearly, and read where it is declared; in messages, too', async () => {
    const latin = Buffer.from(csv('P1,M\u00fcller-1,,WARD'), 'latin1')
    const w = await ofA()
    await w.table(latin)
    await w.wrong('line 2 is not UTF-8. Save it as UTF-8, or set patients.encoding')
    expect(await w.now()).toBe('A')
    const declared = await world({ encoding: 'iso-8859-1' })
    await declared.table(latin)
    await declared.begin()
    await declared.until('M\u00fcller-1')
    const bytes = (charset: string) => {
      const text = declared.message('A08', '20260105100000', 'M\u00fcller-1', {
        location: 'Gew\u00e4chs',
        charset,
      })
      return Buffer.concat([
        Buffer.from([0x0b]),
        Buffer.from(text, 'latin1'),
        Buffer.from([0x1c, 0x0d]),
      ])
    }
    const refused = await declared.send(bytes(''))
    expect(codeOf(refused)).toBe('AR')
    expect(refused).toContain('it is not UTF-8')
    expect(codeOf(await declared.send(bytes('8859/1')))).toBe('AA')
    expect(await at(declared)).toBe('Gew\u00e4chs')
    expect(codeOf(await declared.send(bytes('8859/15')))).toBe('AR')
  })
})

describe('names', { timeout: 60_000 }, () => {
  it('are kept only where the clinic asks for them, and are told to nobody who operates', async () => {
    for (const names of [false, true]) {
      const w = await world({ names })
      await w.table(csv('P1,A,"Tabled, Tara",WARD'))
      await w.begin()
      await w.until('A')
      const name = async () => (await w.ownerAt(await w.read('P1')))?.name
      expect(await name()).toBe(names ? 'Tabled, Tara' : undefined)
      await w.send(w.message('A08', '20260105100000', 'A', { name: 'Heard^Hera' }))
      expect(await name()).toBe(names ? 'Heard, Hera' : undefined)
      await w.table(csv('P1,A,"Tabled, Tara",WARD', 'P1,B,"Other, Olga",'))
      await w.refused()
      await w.table('Tabled, Tara')
      await w.wrong('half')
      let log = ''
      for await (const { line } of w.feed().read()) log += line
      expect(/Tara|Hera|Jane/.test(log)).toBe(names)
      const outside = JSON.stringify([w.said, w.status(), w.counters()])
      expect(outside).not.toMatch(/Tara|Hera|Olga|Jane|"A"|"B"/)
    }
  })
})

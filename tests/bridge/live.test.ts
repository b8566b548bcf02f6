// Live means confirmed by the implant lately: not by the wand, not by the cable. What a wand that answers
// wrongly does to a session that is held.
import { describe, expect, it } from 'vitest'
import { type Rig, starter } from './rig.ts'

const start = starter()
const isCurrent = (r: Rig) => r.bridge.status().pumps.some((pump) => pump.quality === 'current')

/** Whether anything is current at any moment of so long. */
async function everCurrent(r: Rig, ms: number): Promise<boolean> {
  for (let at = 0; at < ms; at += 50) {
    await r.env.advance(50)
    if (isCurrent(r)) return true
  }
  return false
}

describe('a session that is held while the implant does not answer', () => {
  it.each(['BUSY', 'AIR_FAILED', 'INTERNAL', 'PENDING'] as const)(
    'is not live three intervals after its last answer: LIVE is answered %s',
    async (code) => {
      const r = await start()
      await r.live()
      await r.command({ do: 'reply', to: 'LIVE', count: 0, code })
      const took = await r.until(() => !isCurrent(r), 3_500)
      expect(took).toBeLessThanOrEqual(3_100)
      expect(r.pump()?.reason).toMatch(/implant-silent|session-closed/)
      // Nothing of it comes back by itself, and the session is not held for ever.
      await r.until(() => r.events.some((e) => e.kind === 'session-end'), 15_000)
      await r.command({ do: 'reply', to: 'LIVE' })
      await r.live()
    },
  )

  it('is not live either while LIVE is answered late again and again', async () => {
    const r = await start()
    await r.live()
    await r.command({ do: 'reply', to: 'LIVE', count: 0, drop: true })
    await r.until(() => !isCurrent(r), 3_500)
  })
})

describe('the age of a value', () => {
  it('counts from the reading on air, however long its blocks take', async () => {
    const r = await start()
    await r.command({ do: 'reply', to: 'BLOCK', count: 0, delayMs: 350 })
    let began = 0
    await r.until(() => {
      if (r.wand()?.contact.operation === 'interrogate' && began === 0) began = r.env.monotonic()
      return r.pump() !== undefined
    }, 60_000)
    const age = r.pump()?.ageMs ?? 0
    expect(age).toBeGreaterThanOrEqual(r.env.monotonic() - began)
    expect(age).toBeGreaterThan(5_000)
    // So long after the implant answered it is not live, until LIVE has confirmed it.
    const reading = r.events.findIndex((e) => e.kind === 'reading')
    expect(r.events.slice(reading).some((e) => e.kind === 'live')).toBe(false)
    expect(r.pump()).toMatchObject({ quality: 'stale', reason: 'implant-silent' })
    await r.until(() => isCurrent(r), 5_000)
  })

  it('is what the wand says, also of a reading of an hour ago', async () => {
    const r = await start({ policy: 'on-placement' })
    const set = { beganMs: 3_601_000, endedMs: 3_600_000 }
    await r.command({ do: 'reply', to: 'SNAPSHOT', set })
    await r.until(() => r.pump() !== undefined, 60_000)
    expect(r.pump()?.ageMs).toBeGreaterThanOrEqual(3_601_000)
    expect(r.pump()?.quality).toBe('stale')
    const { asOf = '', readAt = '' } = r.pump() ?? {}
    expect(Date.parse(asOf) - Date.parse(readAt)).toBeGreaterThanOrEqual(3_601_000)
  })
})

describe('the age of the contact', () => {
  it('goes on when it has outgrown its field', async () => {
    const r = await start({ policy: 'manual' })
    await r.until(() => r.wand()?.contact.fresh === true)
    await r.command({ do: 'lift' })
    await r.env.advance(200_000)
    expect(r.wand()?.contact.ageMs).toBeGreaterThanOrEqual(199_000)
  })
})

describe('LIVE that contradicts the reading', () => {
  it.each([{ activeAlarms: 7 }, { rate: 123_456 }])('outdates it: %o', async (set) => {
    const r = await start()
    await r.live()
    await r.command({ do: 'reply', to: 'LIVE', count: 0, set })
    await r.until(() => r.events.some((e) => e.kind === 'outdated'), 3_000)
    expect(r.pump()).toMatchObject({ quality: 'stale', reason: 'contradicted' })
    expect(r.events.some((e) => e.kind === 'live' && e.activeAlarms === 7)).toBe(false)
    // Read again and again it says the same, and is current at no moment.
    const readings = () => r.events.filter((e) => e.kind === 'reading').length
    const before = readings()
    expect(await everCurrent(r, 6_000)).toBe(false)
    expect(readings()).toBeGreaterThan(before)
    expect(r.pump()?.reason).toBe('contradicted')
    // It is live once the two agree.
    await r.command({ do: 'reply', to: 'LIVE' })
    await r.live()
    expect(r.events.filter((e) => e.kind === 'reading').length).toBeGreaterThan(1)
  })
})

describe('a good answer', () => {
  it.each([0, 99, 0xffffffff])('out of session %i is used for nothing', async (session) => {
    const r = await start()
    await r.live()
    await r.command({ do: 'reply', to: 'LIVE', header: { session }, set: { reportedVolume: 1 } })
    await r.until(() => r.events.some((e) => e.kind === 'session-end'), 3_000)
    expect(r.pump()?.quality).toBe('stale')
    expect(r.pump()?.reservoir.reportedVolume.value).not.toBe(0.000001)
    await r.live()
  })

  it('with a malformed payload is no answer: it is asked again, and used for nothing', async () => {
    const r = await start()
    await r.live()
    await r.command({ do: 'reply', to: 'LIVE', count: 1, length: 32 })
    await r.until(() => r.events.some((e) => e.kind === 'refused' && e.reason === 'truncated'))
    const lives = r.events.filter((e) => e.kind === 'live').length
    await r.until(() => r.events.filter((e) => e.kind === 'live').length > lives, 3_000)
    expect(isCurrent(r)).toBe(true)
    await r.command({ do: 'reply', to: 'LIVE', count: 0, length: 32 })
    await r.until(() => r.events.some((e) => e.kind === 'link' && e.cause === 'no-answer'), 5_000)
  })

  it('that comes twice is taken once', async () => {
    const r = await start()
    await r.live()
    await r.command({ do: 'reply', to: 'LIVE', twice: true, count: 0 })
    await r.env.advance(5_000)
    expect(isCurrent(r)).toBe(true)
  })
})

describe('a block that the wand refuses to give', () => {
  it('costs the reading, which says so and is tried again, and the session is closed', async () => {
    const r = await start({ policy: 'on-placement' })
    await r.command({ do: 'reply', to: 'BLOCK', nth: 8, count: 0, code: 'INTERNAL' })
    await r.until(() => r.events.some((e) => e.kind === 'session-end'), 90_000)
    expect(r.pump()).toBeUndefined()
    const why = r.events.flatMap((e) => (e.kind === 'read-failed' ? [e.why] : []))[0]
    expect(why).toMatchObject({
      code: 'read.refused',
      args: { message: 'BLOCK', answer: 'INTERNAL' },
    })
    expect(r.events.find((e) => e.kind === 'session-end')).toMatchObject({ how: 'confirmed' })
    expect(r.wand()?.readFailure).toMatchObject({ code: 'read.refused' })
    // A wand that gives it after all is read.
    await r.command({ do: 'reply', to: 'BLOCK' })
    await r.command({ do: 'lift' })
    await r.env.advance(5_000)
    await r.command({ do: 'place' })
    await r.until(() => r.pump() !== undefined, 60_000)
  })
})

describe('a session without a number of its own', () => {
  it.each([0, 0xffffffff])('is refused: %i', async (session) => {
    const r = await start()
    await r.command({ do: 'reply', to: 'OPEN', count: 0, header: { session } })
    expect(await everCurrent(r, 10_000)).toBe(false)
    expect(r.events.some((e) => e.kind === 'session-open')).toBe(false)
    expect(r.events.some((e) => e.kind === 'link' && e.cause === 'defect')).toBe(true)
    expect(r.wand()?.unclosed).not.toEqual([])
  })
})

describe('a text that is not in its form', () => {
  const FORM = /^[A-Z0-9-]{1,16}$/

  it('never names a wand, and costs no reading', async () => {
    const r = await start({ policy: 'on-placement' })
    const set = { wandSerial: '../\u001b[31mx', wandModel: '\u001b]0;x', firmware: 'a ' }
    await r.command({ do: 'reply', to: 'HELLO', count: 0, set })
    await r.until(() => r.events.some((e) => e.kind === 'session-end'), 60_000)
    const wand = r.events.find((e) => e.kind === 'wand')
    expect(wand?.wand).toMatch(FORM)
    expect(wand).toMatchObject({ model: null, firmware: null })
    expect(r.pump()?.pump.serial).toBe('SIM-0001')
    // As it came it is kept in one place, which says that it is not valid.
    const elsewhere = r.events.map((event) => ({ ...event, invalid: undefined }))
    expect(JSON.stringify(elsewhere)).not.toContain('u001b')
    expect(wand).toMatchObject({ invalid: { model: set.wandModel } })
  })

  it.each(['abc \u001b[2J', null])(
    'as serial of a pump: nothing is read, and it is closed',
    async (pumpSerial) => {
      const r = await start({ policy: 'on-placement' })
      await r.command({ do: 'reply', to: 'OPEN', count: 0, set: { pumpSerial } })
      await r.until(() => r.events.some((e) => e.kind === 'session-end'), 60_000)
      const told = r.events.flatMap((e) =>
        e.kind.startsWith('session') && 'pump' in e ? [e.pump] : [],
      )
      expect(told.length).toBeGreaterThan(1)
      for (const pump of told) expect(pump.serial).toMatch(FORM)
      expect(r.events.find((e) => e.kind === 'session-end')).toMatchObject({ how: 'confirmed' })
      expect(r.pump()).toBeUndefined()
    },
  )
})

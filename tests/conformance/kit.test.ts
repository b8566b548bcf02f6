// The kit against wands that are well, what it may send, and what it prints.
import { describe, expect, it } from 'vitest'
import { CHECKS } from '../../conformance/checks/index.ts'
import { Forbidden, Guard } from '../../conformance/guard.ts'
import { reportJson } from '../../conformance/output/json.ts'
import { reportJunit } from '../../conformance/output/junit.ts'
import { resultText, summary } from '../../conformance/output/text.ts'
import { portOf } from '../../conformance/ports/path.ts'
import { encodePdu, MAJOR, type Pdu } from '../../protocol/codec/pdu.ts'
import { LINES } from '../../protocol/framing/line-stream.ts'
import { REPORTS } from '../../protocol/framing/report-stream.ts'
import { messageOfType } from '../../protocol/messages/index.ts'
import { outcome, type Tried, tried } from './bench.ts'
import { sets } from './broken/breakages.ts'

const WAYS: readonly Tried[] = [
  {},
  { noImplant: true },
  { framing: 'report' },
  { framing: 'report', noImplant: true },
]

describe('a wand that is well', () => {
  it.each(WAYS)('passes whole: %o', { timeout: 60_000 }, async (how) => {
    const report = await tried(how)
    expect(outcome(report).failed).toEqual([])
    expect(report.session).toBe(0)
    const skipped = Object.values(outcome(report).notRun)
    expect(skipped.every((why) => /^only (over|without) /.test(why))).toBe(true)
  })

  it('is asked everything, in its two runs over its two framings', {
    timeout: 60_000,
  }, async () => {
    const asked = new Set<number>()
    for (const how of WAYS)
      for (const { check, result } of (await tried(how)).results)
        if (result === 'passed') asked.add(check.number)
    expect(CHECKS.map(({ number }) => number).filter((number) => !asked.has(number))).toEqual([])
  })
})

describe('the checks', () => {
  it('have numbers of their own, and need only what comes before them', () => {
    const seen = new Set<number>()
    for (const { number, needs } of CHECKS) {
      expect(seen.has(number)).toBe(false)
      for (const need of needs) expect(seen.has(need), `${number} needs ${need}`).toBe(true)
      seen.add(number)
    }
  })
})

/** Of every line, or first report, that was sent: the first four bytes of what would be its PDU. */
function heads(bytes: Uint8Array, framing: Tried['framing']): number[][] {
  if (framing === 'report')
    return Array.from({ length: bytes.length / 64 }, (_, i) => bytes.subarray(i * 64, i * 64 + 64))
      .filter((report) => (report[1] ?? 0) >> 4 === 0)
      .map((report) => [...report.subarray(4, 8)])
  const text = Buffer.from(bytes).toString('latin1')
  return [...text.matchAll(/:([0-9A-Fa-f]{8})/g)].map(([, digits = '']) => [
    ...Buffer.from(digits, 'hex'),
  ])
}

async function sentTo(how: Tried): Promise<{ heads: number[][]; notRun: Record<number, string> }> {
  const all: Uint8Array[] = []
  const report = await tried({ ...how, sent: (bytes) => void all.push(bytes.slice()) })
  return { heads: heads(Buffer.concat(all), how.framing), notRun: outcome(report).notRun }
}

const isRead = ([major, type = 0, flags, code]: number[]) =>
  major === MAJOR && messageOfType(type) !== undefined && flags === 0 && code === 0

describe('what is sent', () => {
  it.each([{}, { framing: 'report' as const }])(
    'over a pump is of the types of the specification, however damaged: %o',
    { timeout: 60_000 },
    async (how) => {
      const sent = await sentTo(how)
      expect(sent.heads.length).toBeGreaterThan(200)
      expect(sent.heads.filter((head) => !isRead(head))).toEqual([])
    },
  )

  it('with --no-implant, to a wand that reports coupling, is no more than that', async () => {
    const sent = await sentTo({ noImplant: true, lifted: false })
    expect(sent.heads.filter((head) => !isRead(head))).toEqual([])
  })

  it('ends with read requests when a pump comes near in the middle', {
    timeout: 60_000,
  }, async () => {
    let coupled = false
    const sent = await sentTo({
      noImplant: true,
      breakage: {
        ...sets('PING', { coupling: 60 }, () => coupled),
        request(pdu) {
          if (pdu.type === 0x48) coupled = true
          return pdu
        },
      },
    })
    // The wand is asked before each of them: the one that brought the pump is the last.
    const last = sent.heads.findLastIndex((head) => !isRead(head))
    const from = sent.heads.findIndex(([, type]) => type === 0x48)
    expect(last).toBe(from)
    const why = 'the wand reports coupling; nothing but read requests is sent to it then'
    expect(Object.values(sent.notRun)).toContain(why)
    expect(sent.heads.length - last).toBeGreaterThan(2)
  })
})

describe('the guard', () => {
  const plain: Pdu = {
    ...{ major: MAJOR, type: 2, flags: 0, code: 0, seq: 1, link: 9, session: 0 },
    payload: new Uint8Array(0),
  }
  const BAD: readonly Partial<Pdu>[] = [
    { type: 0x40 },
    { type: 0x7f },
    { type: 0x20 },
    { major: 2 },
    { flags: 1 },
    { code: 3 },
    { link: 0 },
  ]
  const frames = (over: Partial<Pdu>, framing: typeof LINES) =>
    framing.encoder()(encodePdu({ ...plain, ...over }))

  it.each(BAD)('lets nothing through that is no read request: %o', (over) => {
    for (const framing of [LINES, REPORTS]) {
      const guard = new Guard(framing, () => false)
      for (const frame of frames({}, framing)) guard.pass(frame)
      const [bad = new Uint8Array()] = frames(over, framing)
      expect(() => guard.pass(bad)).toThrow(Forbidden)
      new Guard(framing, () => true).pass(bad)
    }
  })

  it.each(BAD)('nor in pieces, in lower case, behind noise, or merged: %o', (over) => {
    const line = (one: Partial<Pdu>) => Buffer.from(frames(one, LINES)[0] ?? []).toString('latin1')
    const [good, bad] = [line({}), line(over)]
    const ways = [
      [...bad],
      [bad.toLowerCase()],
      [`#?\r\n${bad}`],
      [`${good}${bad}`],
      [`${good.slice(0, 9)}${bad}`],
      [bad.slice(0, -2)],
      [bad.slice(0, 4), bad.slice(4)],
    ]
    for (const pieces of ways) {
      const guard = new Guard(LINES, () => false)
      expect(() => {
        for (const piece of pieces) guard.pass(Buffer.from(piece, 'latin1'))
      }).toThrow(Forbidden)
    }
  })
})

describe('a report', () => {
  const HOSTILE = 'A\u001b[2J<b>&"'
  const coupling = { noImplant: true, breakage: sets('PING', { coupling: 120 }) }

  it('shows what failed, what the section asks, the bytes, and what was not run for it', async () => {
    const report = await tried(coupling)
    const text = report.results.map(resultText).join('\n')
    expect(text).toMatch(/FAIL {3}4 {2}§7\.2 /)
    expect(text).toContain('What happened: PING.coupling is 120, out of its range.')
    expect(text).toMatch(/ {2}\d+ ms > ":0102/)
    expect(text).toMatch(/- {6}5 {2}§7\.3 .*not run, 4 failed/)
    const who = /SIM-WAND SIMW-0001, firmware 1\.0\.0 on simulated: \d+ passed, 1 failed/
    expect(summary(report)).toMatch(who)
  })

  it('takes what a wand says of itself as data', async () => {
    const report = await tried({ noImplant: true, breakage: sets('HELLO', { wandModel: HOSTILE }) })
    const shown = [...report.results.map(resultText), summary(report), reportJunit(report)]
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there.
    for (const text of shown) expect(text).not.toMatch(/\u001b/)
    expect(reportJunit(report)).not.toContain('<b>')
    const json = JSON.parse(reportJson(report))
    expect(json.failed).toBe(1)
    const check = json.checks.find(({ number }: { number: number }) => number === 3)
    expect(check).toMatchObject({ section: '7.1', result: 'failed' })
  })

  it('is XML that counts what it holds', async () => {
    const xml = reportJunit(await tried(coupling))
    expect(xml.match(/<testcase /g)).toHaveLength(CHECKS.length)
    expect(xml.match(/<failure /g)).toHaveLength(1)
    expect(xml).toContain(`tests="${CHECKS.length}" failures="1"`)
  })
})

describe('a path', () => {
  it.each([
    ['tcp:192.0.2.7:4001', 'line'],
    ['tcp://[2001:db8::1]:4001', 'line'],
    ['/dev/ttyACM0', 'line'],
    ['COM3', 'line'],
    ['/dev/hidraw3', 'report'],
    ['1-2:1.2', 'report'],
    ['hid:IOService:/Apple', 'report'],
  ])('%s has its framing', (path, framing) => expect(portOf(path).framing.name).toBe(framing))

  it.each(['', ' ', 'tcp:', 'tcp:host', 'tcp:host:99999', 'tcp:host:0', 'a\0b'])(
    '%j is none',
    (path) => expect(() => portOf(path)).toThrow(RangeError),
  )
})

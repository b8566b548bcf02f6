// The host and the reference firmware on an emulated microcontroller, end to end: what it reads reaches every
// surface, and a wand that loses its power, is reset, or is left in a session is told as what it is.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SerialPort } from 'serialport'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodePdu, type Pdu, wholePdu } from '../../protocol/codec/pdu.ts'
import { parse } from '../../protocol/codec/struct.ts'
import { REPORTS } from '../../protocol/framing/report-stream.ts'
import { MESSAGES } from '../../protocol/messages/index.ts'
import { pumpStatusSchema } from '../../src/model/status.ts'
import { BUILT, build, emulator, unbuildable } from '../firmware/build.ts'
import { Board } from '../firmware/qemu.ts'
import { CHROMIUM, launch, NO_CHROMIUM } from './chromium.ts'
import { textOf, visit } from './page.ts'
import {
  ask,
  endAll,
  eventually,
  type Program,
  run,
  type Served,
  serve,
  start,
  stop,
  temporary,
  token,
} from './programs.ts'
import { worksheet } from './refill-world.ts'

/** What a worksheet asks for: whose it is, and how far from the pump's word a volume may be. */
const CONFIG = `
zone: Europe/London
refill: { clinic: North Clinic, phone: 555-0100, tolerance: 14.5, source: Pharmacy rule 7 }
`
const CI = process.env['CI'] === 'true'
const MS = 120_000
const NO_EMULATOR = 'QEMU for ARM is not there: bash firmware/qemu.sh .cache/firmware'
const qemu = emulator()
const why = unbuildable('arm') || (qemu === null && !CI && NO_EMULATOR)

const boards: Board[] = []
async function board(): Promise<Board> {
  if (!qemu) throw new Error(NO_EMULATOR)
  const made = new Board(qemu, temporary())
  boards.push(made)
  await made.on()
  return made
}

const status = (port: string, state = temporary()) =>
  start(['status', '--json', '--source', 'simulator', '--serial', port, '--state-dir', state])

async function readOnce(port: string, state?: string) {
  const program = status(port, state)
  expect([await program.exit, program.err()]).toEqual([0, expect.any(String)])
  return pumpStatusSchema.parse(program.json()[0])
}

interface Wand {
  readonly session: { readonly state: string }
  readonly contact: { readonly fresh: boolean }
  readonly lastSessionEnd: string | null
  readonly unclosed: readonly unknown[]
}

async function becomes(served: Served, bearer: string, good: (wand: Wand) => boolean) {
  for (const end = performance.now() + 60_000; ; ) {
    const path = '/api/v1/wands'
    const [one] = (await ask<{ wands: Wand[] }>(served, bearer, path)).wands
    if (one && good(one)) return one
    if (performance.now() > end) throw new Error(`not so: ${JSON.stringify(one)}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

describe.skipIf(why)(
  `the firmware on a Cortex-M3${why ? `: ${why}` : ''}`,
  { concurrent: true },
  () => {
    beforeAll(() => build('arm'), MS)
    afterAll(async () => {
      await endAll()
      for (const one of boards) await one.off()
    })

    it('is read, marked as a simulation, and keeps its numbers without power', {
      timeout: MS,
    }, async () => {
      const wand = await board()
      const first = await readOnce(wand.port)
      expect(first).toMatchObject({ source: 'simulator', quality: 'current' })
      expect(first.wand).toMatchObject({ serial: 'FW-BENCH-0001', lastSessionEnd: 'none' })
      expect(first.pump.serial).toBe('SIM-0001')
      expect(first.reservoir.reportedVolume).toMatchObject({ value: 5, unit: 'mL' })
      expect(first.session).toMatchObject({ id: 1, state: 'closed', closeConfirmed: true })
      await wand.off()
      await wand.on()
      const second = await readOnce(wand.port)
      expect(second.wand.lastSessionEnd).toBe('closed')
      expect(second.session).toMatchObject({ id: 2, closeConfirmed: true })
      // As much as tests/firmware/size.test.ts reckons is left, at least.
      const left = await wand.stackLeft()
      console.log(`${left} bytes of the stack were never used`)
      expect(left).toBeGreaterThan(100)
    })

    it('speaks reports on its other path, as the same wand', { timeout: MS }, async () => {
      const wand = await board()
      const port = new SerialPort({ path: wand.reports, baudRate: 115_200 })
      const got: Pdu[] = []
      const decoder = REPORTS.decoder({
        pdu: (header, raw) => void got.push(wholePdu(header, raw)),
        discarded: () => {},
      })
      // The terminal is a stream: reports are cut out of it here.
      let held = Buffer.alloc(0)
      port.on('data', (bytes: Buffer) => {
        held = Buffer.concat([held, bytes])
        for (; held.length >= 64; held = held.subarray(64)) decoder.push(held.subarray(0, 64))
      })
      const encode = REPORTS.encoder()
      const header = { major: 1, type: 1, flags: 0, code: 0, link: 77, session: 0 }
      let seq = 0
      await eventually(
        () => {
          // The emulator takes a second to see that its terminal was opened, and drops what it says before.
          seq += 1
          const hello = encodePdu({ ...header, seq, payload: Uint8Array.of(0) })
          for (const report of encode(hello)) port.write(report)
          return got.length
        },
        (replies) => replies > 0,
        10_000,
      )
      port.close()
      const [pdu] = got
      expect(pdu).toMatchObject({ type: 1, flags: 3, code: 0, link: 77 })
      const hello = parse(MESSAGES.HELLO.reply, pdu?.payload ?? new Uint8Array())
      expect(hello?.wandSerial).toBe('FW-BENCH-0001')
    })

    it('never passes for a device', { timeout: MS }, async () => {
      const wand = await board()
      const program = start(['status', '--json', '--serial', wand.port, '--state-dir', temporary()])
      expect(await program.exit).not.toBe(0)
      expect(program.out()).toBe('')
      expect(program.err()).toContain('simulat')
    })

    it('reaches the page, FHIR, the worksheet of a refill and the audit', { timeout: MS }, async ({
      expect,
      skip,
    }) => {
      skip(!CHROMIUM && !CI, NO_CHROMIUM)
      const wand = await board()
      const state = temporary()
      const bearer = await token(state)
      const config = join(state, 'config.yaml')
      writeFileSync(config, CONFIG)
      const served = await serve([wand.port], { state })
      await becomes(served, bearer, ({ session }) => session.state === 'closed')
      const { pumps } = await ask<{ pumps: { id: string; pump: { serial: string } }[] }>(
        ...[served, bearer, '/api/v1/pumps'],
      )
      expect(JSON.stringify(pumps)).toContain('SIM-0001')
      const volumes = await ask<{ total: number; entry: unknown[] }>(
        ...[served, bearer, '/fhir/R4/Observation?code=157784'],
      )
      expect(volumes.total).toBe(1)
      const browser = await launch()
      try {
        const page = await visit(browser, served)
        expect(await textOf(page, '.pump h2')).toBe('SIM-0001')
        expect(await textOf(page, 'body')).toContain('5 mL')
        const sheet = await worksheet({ state, config })
        await page.goto(await sheet.link())
        await page.locator('[id=card]').fill('0001')
        await page.locator('button[type=submit]').first().click()
        await page.getByText('This sheet is locked to pump SIM-0001.').waitFor()
        await page.locator('button[type=submit]').first().click()
        await page.getByText('5 mL').first().waitFor()
        expect(await stop(sheet.program)).toBe(0)
      } finally {
        await browser.close()
      }
      expect(await stop(served.bridge)).toBe(0)
      const verify = start(['audit', 'verify', '--state-dir', state])
      expect([await verify.exit, verify.err()]).toEqual([0, expect.any(String)])
    })

    const watch = (port: string, state: string) =>
      start(
        ['watch', '--json', '--source', 'simulator', '--policy', 'continuous'].concat(
          ...['--serial', port, '--state-dir', state],
        ),
      )
    const readings = (program: Program) =>
      program.json().filter((line) => line['kind'] === 'reading')
    const live = (program: Program) =>
      eventually(
        () => readings(program).at(-1)?.['quality'],
        (quality) => quality === 'current',
        60_000,
      )
    const stale = (program: Program) =>
      eventually(
        () => readings(program).at(-1)?.['quality'],
        (quality) => quality === 'stale',
        5_000,
      )

    it('that loses its power in a session is lost, and the session is owed until it is closed', {
      timeout: MS,
    }, async () => {
      const wand = await board()
      const state = temporary()
      const program = watch(wand.port, state)
      await live(program)
      await wand.off()
      await stale(program)
      expect(readings(program).at(-1)?.['reason']).toBe('wand-lost')
      await wand.on()
      await live(program)
      expect(readings(program).at(-1)?.['wand']).toMatchObject({ lastSessionEnd: 'wand-restarted' })
      const code = await stop(program)
      const after = await readOnce(wand.port, state)
      // A host that is kept from its processor for seconds lets the lease run out, and does not say that it closed.
      const lastSessionEnd = code === 0 ? 'closed' : 'lease-expired'
      expect(after.wand).toMatchObject({ lastSessionEnd, unclosed: [] })
    })

    it('that is reset in a session says so, and is read again', { timeout: MS }, async () => {
      const wand = await board()
      const program = watch(wand.port, temporary())
      await live(program)
      await wand.reset()
      await eventually(
        () => readings(program).at(-1)?.['wand'],
        (told) => (told as { lastSessionEnd?: string })?.lastSessionEnd === 'wand-restarted',
        60_000,
      )
      await live(program)
      await stop(program)
      expect((await readOnce(wand.port)).wand.lastSessionEnd).toBe('closed')
    })

    it('closes by its lease when the host is gone', { timeout: MS }, async () => {
      const wand = await board()
      const program = watch(wand.port, temporary())
      await live(program)
      expect(await stop(program, 'SIGKILL')).toBeNull()
      await new Promise((resolve) => setTimeout(resolve, 6_500))
      expect((await readOnce(wand.port)).wand.lastSessionEnd).toBe('lease-expired')
    })
  },
)

const whyNative = unbuildable('native')

describe.skipIf(whyNative)(`the firmware as a program${whyNative ? `: ${whyNative}` : ''}`, () => {
  beforeAll(() => build('native'), MS)
  afterAll(endAll)

  it('is read through a pseudo-terminal, without a word from a sanitizer', {
    timeout: MS,
  }, async () => {
    const dir = temporary()
    const files = [join(dir, 'wand'), join(dir, 'store'), join(dir, 'reports')]
    const wand = run(join(BUILT, 'native', 'wand-pty'), files)
    await eventually(wand.out, (text) => text.includes('ready'), 10_000)
    const pump = await readOnce(files[0] as string)
    expect(pump).toMatchObject({ source: 'simulator', quality: 'current' })
    expect(pump.session).toMatchObject({ id: 1, state: 'closed', closeConfirmed: true })
    await stop(wand)
    expect(wand.err()).toBe('')
  })
})

// The real host reads the wand over every way that a kernel makes of it, and gets the same blocks as
// over a pseudo-terminal.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { SerialPort } from 'serialport'
import { hidSource } from '../../../src/transport/hid.ts'
import { serialSource } from '../../../src/transport/serial.ts'
import { blocksOf } from '../../bridge/blocks.ts'
import { withAdapter } from './adapter.ts'
import { type Reading, readOnce } from './bridge.ts'
import { note } from './host.ts'
import { run } from './until.ts'
import { plugged, withSimulator } from './wand.ts'

const PORTS = [{ kind: 'pty' }, { kind: 'usbip', port: 0 }] as const

/** The blocks without what moves while the wand is being read: the pump lives on. */
function still(reading: Reading): unknown {
  const { clock, reservoir, battery, status, events, ...rest } = blocksOf(reading)
  const { reportedVolume, ...lasting } = reservoir
  // As JSON: one of them comes from another process.
  return JSON.parse(JSON.stringify({ ...rest, reservoir: lasting }))
}

function sameBlocks(later: Reading, first: Reading, name: string): void {
  assert.deepEqual(still(later), still(first), name)
  const fell = volume(first) - volume(later)
  assert.ok(fell >= 0 && fell < 10_000, `${name}: the volume fell by ${fell} nL`)
  // Each reading is an event of the pump, so the list grows, and keeps what it had.
  const had = blocksOf(first).events.events
  assert.deepEqual(blocksOf(later).events.events.slice(0, had.length), had, name)
}

const volume = (reading: Reading) => blocksOf(reading).reservoir.reportedVolume ?? 0

/** The blocks of a wand of the same seed that began to live at another time: without times. */
function timeless(reading: Reading): unknown {
  return JSON.parse(JSON.stringify(still(reading)), (_, value) =>
    typeof value === 'number' && value > FIRST_TIME ? 'a time' : value,
  )
}

/** Seconds since 2000; no other number of these blocks is as large. */
const FIRST_TIME = 500_000_000

/** One interrogation by libusb, which needs a process of its own. */
async function readByLibusb(path: string): Promise<Reading> {
  const child = join(import.meta.dirname, 'read.child.js')
  const { stdout } = await run(process.execPath, [child, path], { timeout: 60_000 })
  return JSON.parse(stdout)
}

test('hidraw, libusb, ttyACM and FTDI give the same blocks as a pseudo-terminal', () =>
  withAdapter((adapter) =>
    withSimulator({ ports: [...PORTS] }, async (simulator) => {
      const pty = simulator.describe().find((line) => line.kind === 'pty')?.path ?? ''
      // Two wands at once: mostly the tests wait for the air.
      const [first, ftdi] = await Promise.all([
        readOnce(serialSource(pty)),
        readOnce(serialSource(adapter.byId)),
      ])
      const listed = (await SerialPort.list()).find((port) => port.path === adapter.tty)
      assert.deepEqual([listed?.vendorId, listed?.productId], ['0403', '6001'])
      assert.deepEqual(timeless(ftdi), timeless(first), 'FTDI')
      // The terminal had the wand's serial line; plugged in again, USB has it.
      await simulator.command({ do: 'unplug' })
      await simulator.command({ do: 'plug' })
      const wand = await plugged()
      const ways = {
        libusb: () => readByLibusb(`${wand.name}:1.2`),
        ttyACM: () => readOnce(serialSource(wand.tty)),
        // Last, so that it shows that libusb has given it back.
        hidraw: async () => readOnce(hidSource((await plugged()).hidraw)),
      }
      for (const [name, way] of Object.entries(ways)) {
        const began = performance.now()
        sameBlocks(await way(), first, name)
        note(`${name}: ${Math.round(performance.now() - began)} ms`)
      }
    }),
  ))

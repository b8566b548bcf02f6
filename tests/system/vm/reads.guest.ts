// The real host reads the wand over every way that a kernel makes of it, and gets the same blocks as
// over a pseudo-terminal.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SerialPort } from 'serialport'
import { hidSource } from '../../../src/transport/hid.ts'
import { serialSource } from '../../../src/transport/serial.ts'
import { withAdapter } from './adapter.ts'
import { Command, type Reading, readOnce } from './bridge.ts'
import { note } from './host.ts'
import { plugged, withSimulator } from './wand.ts'

const PORTS = [{ kind: 'pty' }, { kind: 'usbip', port: 0 }] as const

/** The blocks without what moves while the wand is being read: the pump lives on. */
function still({ repr }: Reading): unknown {
  const { clock, reservoir, battery, status, events, ...rest } = repr
  const { reportedVolume, ...lasting } = reservoir
  return { ...rest, reservoir: lasting }
}

function sameBlocks(later: Reading, first: Reading, name: string): void {
  assert.deepEqual(still(later), still(first), name)
  const fell = volume(first) - volume(later)
  assert.ok(fell >= 0 && fell < 10_000, `${name}: the volume fell by ${fell} nL`)
  // Each reading is an event of the pump, so the list grows, and keeps what it had.
  const had = first.repr.events.events
  assert.deepEqual(later.repr.events.events.slice(0, had.length), had, name)
}

const volume = ({ repr }: Reading) => repr.reservoir.reportedVolume ?? 0

/** The blocks of a wand of the same seed that began to live at another time: without times. */
function timeless(reading: Reading): unknown {
  return JSON.parse(JSON.stringify(still(reading)), (_, value) =>
    typeof value === 'number' && value > FIRST_TIME ? 'a time' : value,
  )
}

/** Seconds since 2000; no other number of these blocks is as large. */
const FIRST_TIME = 500_000_000

test('hidraw, ttyACM and FTDI give the same blocks as a pseudo-terminal', () =>
  withSimulator({ ports: [...PORTS] }, async (simulator) => {
    const pty = simulator.describe().find((line) => line.kind === 'pty')?.path ?? ''
    const first = await readOnce(serialSource(pty))
    // The terminal had the wand's serial line; plugged in again, USB has it.
    await simulator.command({ do: 'unplug' })
    await simulator.command({ do: 'plug' })
    const wand = await plugged()
    const ways = { hidraw: hidSource(wand.hidraw), ttyACM: serialSource(wand.tty) }
    for (const [name, source] of Object.entries(ways)) {
      const began = performance.now()
      const reading = await readOnce(source)
      note(`${name}: ${source.path}, ${Math.round(performance.now() - began)} ms`)
      sameBlocks(reading, first, name)
    }
    await withAdapter(async (adapter) => {
      const listed = (await SerialPort.list()).find((port) => port.path === adapter.tty)
      assert.deepEqual([listed?.vendorId, listed?.productId], ['0403', '6001'])
      const reading = await readOnce(serialSource(adapter.byId))
      note(`FTDI: ${adapter.byId}`)
      assert.deepEqual(timeless(reading), timeless(first), 'FTDI')
    })
  }))

test('libusb gives the same pump, and leaves hidraw as it was', () =>
  withSimulator({ ports: [...PORTS] }, async () => {
    const wand = await plugged()
    const direct = await readOnce(hidSource(wand.hidraw))
    const command = new Command(['status', '--json', '--hid', `${wand.name}:1.2`])
    const { code, out, err } = await command.ended()
    assert.deepEqual([code, err], [0, ''])
    const status = JSON.parse(out)
    assert.equal(status.pump.serial, direct.pump.serial)
    assert.equal(status.session.closeConfirmed, true, JSON.stringify(status.session))
    const { value, quality } = status.reservoir.reportedVolume
    assert.equal(quality, 'current', out)
    assert.ok(Math.abs(value - volume(direct) / 1e6) < 0.01)
    const again = await plugged()
    await readOnce(hidSource(again.hidraw))
  }))

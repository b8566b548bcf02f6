// Each fault of the USB plug through a real kernel and the libraries that the host uses.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { CommandInput, Simulator } from '../../../simulator/index.ts'
import { hello } from './exchange.ts'
import { note } from './host.ts'
import { Line } from './line.ts'
import { Reports } from './reports.ts'
import { until } from './until.ts'
import { devices, plugged, withSimulator } from './wand.ts'

/** A wand on USB, open both ways. */
function withBoth(
  then: (open: {
    line: Line
    reports: Reports
    order(command: CommandInput): Promise<void>
  }) => Promise<void>,
): Promise<void> {
  return withSimulator({ ports: [{ kind: 'usbip', port: 0 }] }, async (simulator: Simulator) => {
    const wand = await plugged()
    const line = await Line.open(wand.tty)
    const reports = await Reports.open(wand.hidraw)
    try {
      assert.equal(await line.hello(1), 'SIMW-0001')
      assert.equal(await reports.hello(2), 'SIMW-0001')
      await then({
        line,
        reports,
        async order(command) {
          const { ok, message } = await simulator.command(command)
          assert.ok(ok, message)
        },
      })
    } finally {
      await line.close()
      await reports.close()
    }
  })
}

test('drop: a report is lost, counted, and the next request is answered', () =>
  withBoth(async ({ line, reports, order }) => {
    await order({ do: 'usb-drop', endpoint: 'hid-out' })
    await reports.send(hello(2, 2))
    await wait(300)
    assert.deepEqual([reports.pdus.length, reports.discarded], [1, []])
    await order({ do: 'usb-drop', endpoint: 'hid-in' })
    await reports.send(hello(2, 3))
    await until('the half of the reply', () => reports.discarded.length > 0)
    assert.deepEqual(reports.discarded, ['1 missing', 'out-of-sequence'])
    assert.equal(await reports.hello(2, 4), 'SIMW-0001')
    await order({ do: 'usb-drop', endpoint: 'serial-out' })
    await line.send(hello(1, 2))
    await wait(300)
    assert.equal(line.pdus.length, 1)
    assert.equal(await line.hello(1, 3), 'SIMW-0001')
  }))

test('stall towards the host: the kernel clears the halt by itself', () =>
  withBoth(async ({ line, reports, order }) => {
    await order({ do: 'usb-stall', endpoint: 'hid-in' })
    await order({ do: 'usb-stall', endpoint: 'serial-in' })
    await wait(200)
    assert.equal(await reports.hello(2, 2), 'SIMW-0001')
    assert.equal(await line.hello(1, 2), 'SIMW-0001')
    assert.deepEqual([reports.gone, line.gone], [null, null])
  }))

test('stall from the host: a write of a report fails, until the wand is plugged in anew', () =>
  withSimulator({ ports: [{ kind: 'usbip', port: 0 }] }, async (simulator) => {
    const reports = await Reports.open((await plugged()).hidraw)
    assert.equal(await reports.hello(), 'SIMW-0001')
    await simulator.command({ do: 'usb-stall', endpoint: 'hid-out' })
    const error = await reports.send(hello(2, 2)).then(
      () => null,
      (reason: unknown) => reason,
    )
    note(`a write to a halted endpoint: ${error}`)
    assert.ok(error)
    await simulator.command({ do: 'unplug' })
    await until('it is gone', () => reports.gone !== null)
    await reports.close()
    await simulator.command({ do: 'plug' })
    const again = await Reports.open((await plugged()).hidraw)
    assert.equal(await again.hello(3), 'SIMW-0001')
    await again.close()
  }))

test('NAK: nothing passes for a while, and nothing is lost by it', () =>
  withBoth(async ({ line, reports, order }) => {
    for (const [opened, link, endpoint] of [
      [reports, 2, 'hid-in'],
      [reports, 2, 'hid-out'],
      [line, 1, 'serial-in'],
      [line, 1, 'serial-out'],
    ] as const) {
      const seq = endpoint.endsWith('in') ? 2 : 3
      await order({ do: 'usb-nak', endpoint, seconds: 1 })
      const began = performance.now()
      await opened.send(hello(link, seq))
      await opened.answer(link, seq)
      const ms = performance.now() - began
      // A write of the serial port is taken by the kernel; only its transfer waits.
      if (endpoint !== 'serial-out') assert.ok(ms > 900, `${endpoint}: ${ms} ms`)
    }
    assert.deepEqual([line.discarded, reports.discarded], [[], []])
  }))

for (const endpoint of ['hid-in', 'hid-out', 'serial-in', 'serial-out'] as const) {
  test(`unplug in the middle of ${endpoint}: the kernel and both programs survive it`, () =>
    withSimulator({ ports: [{ kind: 'usbip', port: 0 }] }, async (simulator) => {
      const wand = await plugged()
      const line = await Line.open(wand.tty)
      const reports = await Reports.open(wand.hidraw)
      await simulator.command({ do: 'usb-pull', endpoint })
      // Half of a request or of a reply.
      await line.send(hello(1))
      await reports.send(hello(2)).catch(() => {})
      await until('both are told', () => line.gone !== null && reports.gone !== null)
      const torn = endpoint.startsWith('hid') ? reports : line
      assert.deepEqual([torn.pdus, torn.discarded], [[], []])
      await line.close()
      await reports.close()
      assert.deepEqual(await devices(), [])
      await simulator.command({ do: 'plug' })
      const again = await Line.open((await plugged()).tty)
      assert.equal(await again.hello(3), 'SIMW-0001')
      await again.close()
    }))
}

test('a program that does not read makes the wand wait, not lose; the system may lose', () =>
  withBoth(async ({ line, reports }) => {
    // The serial port: the kernel throttles, the wand waits.
    line.port.pause()
    for (let seq = 100; seq < 150; seq += 1) await line.send(hello(1, seq))
    await wait(1000)
    line.port.resume()
    await line.answer(1, 149, 20_000)
    assert.deepEqual(line.discarded, [])
    assert.equal(line.pdus.filter((pdu) => pdu.seq >= 100).length, 50)
    // hidraw: the kernel keeps 63 reports and drops the rest without a word; the reply takes two. Fewer
    // than 128 are lost, so that the counter of the next report tells how many.
    reports.device.pause()
    for (let seq = 100; seq < 160; seq += 1) await reports.send(hello(2, seq))
    await wait(500)
    reports.device.resume()
    await wait(1000)
    const answered = reports.pdus.filter((pdu) => pdu.seq >= 100).length
    assert.equal(await reports.hello(2, 999), 'SIMW-0001')
    note(`of 60 replies to a slow reader of hidraw ${answered} arrived; ${reports.discarded}`)
    assert.ok(answered < 60)
    // Every report of a reply that did not arrive is told. One that comes late is told twice: node-hid
    // may still be at its last read when it is told to read on, and then two of its reads race.
    const { bytes, reports: missing } = reports.lost
    assert.ok(missing + bytes / 64 >= 120 - 2 * answered, `${missing} missing, ${bytes} bytes`)
  }))

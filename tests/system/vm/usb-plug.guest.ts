// Pulling the cable and plugging it in: the kernel's own events, what open programs notice, and that
// the wand comes back where it was.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { note } from './host.ts'
import { Line } from './line.ts'
import { Reports } from './reports.ts'
import { until } from './until.ts'
import { devices, plugged, withSimulator } from './wand.ts'

/** The kernel's events of devices while `during` runs, as `ACTION SUBSYSTEM`. */
async function events(during: (seen: () => string[]) => Promise<void>): Promise<void> {
  const monitor = spawn('udevadm', ['monitor', '--kernel'], { stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  monitor.stdout.on('data', (part: Buffer) => {
    text += part
  })
  await until('the monitor listens', () => text.includes('KERNEL -'))
  const seen = () =>
    [...text.matchAll(/^KERNEL\[[\d.]+\] (\w+) +\S+ \((\w+)\)$/gm)].map(([, a, s]) => `${a} ${s}`)
  try {
    await during(seen)
  } finally {
    monitor.kill('SIGTERM')
  }
}

test('unplug and plug give the kernel’s events, and the wand is back in its place', () =>
  withSimulator({ ports: [{ kind: 'usbip', port: 0 }] }, async (simulator) => {
    const before = await plugged()
    await events(async (seen) => {
      await simulator.command({ do: 'unplug' })
      for (const what of ['remove hidraw', 'remove tty', 'remove usb']) {
        await until(what, () => seen().includes(what))
      }
      assert.deepEqual(await devices(), [])
      assert.ok(!seen().some((what) => what.startsWith('add ')))
      await simulator.command({ do: 'plug' })
      for (const what of ['add usb', 'add tty', 'add hidraw']) {
        await until(what, () => seen().includes(what))
      }
    })
    assert.deepEqual(await plugged(), before)
  }))

test('programs that hold the wand notice that it is gone, and find it again', () =>
  withSimulator({ ports: [{ kind: 'usbip', port: 0 }] }, async (simulator) => {
    for (let round = 1; round <= 3; round += 1) {
      const wand = await plugged()
      const line = await Line.open(wand.tty)
      const reports = await Reports.open(wand.hidraw)
      assert.equal(await line.hello(0x100 + round), 'SIMW-0001')
      assert.equal(await reports.hello(0x200 + round), 'SIMW-0001')
      const began = performance.now()
      await simulator.command({ do: 'unplug' })
      await until('both are told', () => line.gone !== null && reports.gone !== null)
      note(`after ${Math.round(performance.now() - began)} ms: ${line.gone}; ${reports.gone}`)
      assert.equal(line.gone, 'disconnected')
      await line.close()
      await reports.close()
      await simulator.command({ do: 'plug' })
    }
    await plugged()
  }))

test('a plug that flickers ends in the state that it was left in', () =>
  withSimulator({ ports: [{ kind: 'usbip', port: 0 }] }, async (simulator) => {
    await plugged()
    for (let i = 0; i < 10; i += 1) {
      await simulator.command({ do: 'unplug' })
      if (i % 2 === 0) await new Promise((resolve) => setTimeout(resolve, i * 15))
      await simulator.command({ do: 'plug' })
      if (i % 3 === 0) await new Promise((resolve) => setTimeout(resolve, i * 40))
    }
    const wand = await plugged()
    const line = await Line.open(wand.tty)
    assert.equal(await line.hello(), 'SIMW-0001')
    await line.close()
    await simulator.command({ do: 'unplug' })
    await until('it is out', async () => (await devices()).length === 0)
  }))

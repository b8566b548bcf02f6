// An FTDI adapter, emulated by QEMU, under the kernel's real driver, with a wand on its line.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { SerialPort } from 'serialport'
import { adapterIn, adapterOut, withAdapter } from './adapter.ts'
import { hello } from './exchange.ts'
import { adapter, note } from './host.ts'
import { Line } from './line.ts'
import { until } from './until.ts'

test('a wand on an FTDI adapter is listed and exchanges HELLO', () =>
  withAdapter(async ({ tty }) => {
    assert.equal(tty, '/dev/ttyUSB0')
    const line = await Line.open(tty)
    await line.raise()
    const listed = (await SerialPort.list()).find((port) => port.path === tty)
    note(JSON.stringify(listed))
    assert.deepEqual([listed?.vendorId, listed?.productId], ['0403', '6001'])
    assert.equal(await line.hello(0x77), 'SIMW-0001')
    await line.close()
  }))

test('pulling the adapter ends its port; pulling the line behind it is silence', () =>
  withAdapter(async ({ tty, simulator }) => {
    const line = await Line.open(tty)
    assert.equal(await line.hello(1), 'SIMW-0001')
    const began = performance.now()
    adapter('out')
    await until('the program is told', () => line.gone !== null)
    note(`told after ${Math.round(performance.now() - began)} ms: ${line.gone}`)
    await line.close()
    await adapterOut()

    adapter('in')
    const again = await Line.open((await adapterIn()).tty)
    assert.equal(await again.hello(2), 'SIMW-0001')
    await simulator.command({ do: 'unplug' })
    const before = again.pdus.length
    await again.send(hello(2, 2))
    await wait(500)
    assert.deepEqual([again.gone, again.pdus.length, existsSync(tty)], [null, before, true])
    await simulator.command({ do: 'plug' })
    assert.equal(await again.hello(2, 3), 'SIMW-0001')
    await again.close()
  }))

// An FTDI adapter, emulated by QEMU, under the kernel's real driver, with a wand on its line: a
// simulator outside of the machine, whose line is TCP.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { SerialPort } from 'serialport'
import { adapter, note, tellOutside } from './host.ts'
import { Line } from './line.ts'
import { run, until } from './until.ts'

const PATH = '/dev/ttyUSB0'

async function open(): Promise<Line> {
  await until(PATH, () => existsSync(PATH), 20_000)
  await run('udevadm', ['settle'])
  const line = await Line.open(PATH)
  await line.raise()
  return line
}

test('a wand on an FTDI adapter is listed and exchanges HELLO', async () => {
  adapter('in')
  try {
    const line = await open()
    const listed = (await SerialPort.list()).find((port) => port.path === PATH)
    note(JSON.stringify(listed))
    assert.deepEqual([listed?.vendorId, listed?.productId], ['0403', '6001'])
    assert.equal(await line.hello(0x77), 'SIMW-0001')
    await line.close()
  } finally {
    adapter('out')
    await until('the adapter is out', () => !existsSync(PATH))
  }
})

test('pulling the adapter, and pulling the line behind it, are noticed and end', async () => {
  adapter('in')
  const line = await open()
  assert.equal(await line.hello(1), 'SIMW-0001')
  const began = performance.now()
  adapter('out')
  await until('the program is told', () => line.gone !== null)
  note(`told after ${Math.round(performance.now() - began)} ms: ${line.gone}`)
  await line.close()

  // QEMU takes its adapter off the bus while nothing is at the other end of its line.
  adapter('in')
  const again = await open()
  assert.equal(await again.hello(2), 'SIMW-0001')
  tellOutside({ do: 'unplug' })
  await until('the program is told', () => again.gone !== null)
  await again.close()
  tellOutside({ do: 'plug' })
  const last = await open()
  assert.equal(await last.hello(3), 'SIMW-0001')
  await last.close()
  adapter('out')
  await until('the adapter is out', () => !existsSync(PATH))
})

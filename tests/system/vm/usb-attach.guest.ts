// The wand on a real kernel's USB, plugged in by the stock tool and by itself: the same device either
// way, for every driver that the host may use.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import hid, { type Device } from 'node-hid'
import { SerialPort } from 'serialport'
import { HID_USAGE, HID_USAGE_PAGE, USB_SIMULATOR } from '../../../protocol/usb.ts'
import type { Simulator } from '../../../simulator/index.ts'
import { PROGRAM } from './bridge.ts'
import { note } from './host.ts'
import { Line } from './line.ts'
import { Reports } from './reports.ts'
import { run, until } from './until.ts'
import { devices, plugged, type UsbNode, withSimulator } from './wand.ts'

const { vendorId, productId, manufacturer, product } = USB_SIMULATOR
const hex = (n: number) => n.toString(16).padStart(4, '0')

/** What udev says of a device file. */
async function properties(path: string): Promise<Record<string, string>> {
  const { stdout } = await run('udevadm', ['info', '--query=property', path])
  return Object.fromEntries(stdout.split('\n').map((line) => line.split('=', 2)))
}

async function looksRight(wand: UsbNode, serial: string): Promise<void> {
  assert.equal(wand.serial, serial)
  const tty = await properties(wand.tty)
  assert.equal(tty['ID_VENDOR_ID'], hex(vendorId))
  assert.equal(tty['ID_MODEL_ID'], hex(productId))
  assert.equal(tty['ID_SERIAL_SHORT'], serial)
  assert.match(tty['DEVLINKS'] ?? '', /\/dev\/serial\/by-id\/usb-Wandbridge_Simulated_wand_SIMW-/)
  const listed = (await SerialPort.list()).find((port) => port.path === wand.tty)
  assert.deepEqual(
    [listed?.vendorId, listed?.productId, listed?.serialNumber, listed?.manufacturer],
    [hex(vendorId), hex(productId), serial, manufacturer],
  )
}

async function answersOnTty(wand: UsbNode, serial: string): Promise<void> {
  const line = await Line.open(wand.tty)
  await line.raise()
  assert.equal(await line.hello(), serial)
  assert.deepEqual(line.discarded, [])
  await line.close()
}

/** As node-hid lists it, with the serial number that HELLO told. */
function isTheWand(listed: Device & { told: string }, serial: string): void {
  assert.deepEqual(
    [listed.vendorId, listed.productId, listed.serialNumber, listed.manufacturer, listed.product],
    [vendorId, productId, serial, manufacturer, product],
  )
  assert.equal(listed.interface, 2)
  assert.equal(listed.told, serial)
}

/** With another link than the other driver's: the same report again would be taken for a repeated one. */
async function answersOnHidraw(wand: UsbNode, serial: string): Promise<void> {
  const listed = (await hid.devicesAsync()).find((one) => one.path === wand.hidraw)
  assert.ok(listed)
  const reports = await Reports.open(wand.hidraw)
  isTheWand({ ...listed, told: await reports.hello(0x6161) }, serial)
  await reports.close()
  assert.deepEqual([listed.usagePage, listed.usage], [HID_USAGE_PAGE, HID_USAGE])
}

function portOf(simulator: Simulator): string {
  return /:(\d+)\//.exec(simulator.describe()[0]?.path ?? '')?.[1] ?? ''
}

test('the stock usbip tool lists the wands, plugs one in, and takes it out again', () =>
  withSimulator({ wands: 2, ports: [{ kind: 'usbip', attach: false }] }, async (simulator) => {
    assert.equal(portOf(simulator), '3240')
    const { stdout } = await run('usbip', ['list', '-r', '127.0.0.1'])
    assert.match(stdout, /1-1: .*1209:0001/)
    assert.match(stdout, /1-2: .*1209:0001/)
    const usb = simulator.describe()[1]?.usb
    assert.equal(usb?.attach, 'usbip attach -r 127.0.0.1 -b 1-2')
    const [tool, ...args] = usb.attach.split(' ') as [string, ...string[]]
    await run(tool, args)
    const wand = await plugged('SIMW-0002')
    await looksRight(wand, 'SIMW-0002')
    await answersOnTty(wand, 'SIMW-0002')
    await answersOnHidraw(wand, 'SIMW-0002')
    await run('usbip', ['detach', '-p', '00'])
    await until('it is out', async () => (await devices()).length === 0)
    await until('it can be had again', async () =>
      (await run('usbip', ['list', '-r', '127.0.0.1'])).stdout.includes('1-2:'),
    )
  }))

test('a simulator with the right to plugs its wands in by itself, each its own', () =>
  withSimulator({ wands: 2, ports: [{ kind: 'usbip', port: 0 }] }, async (simulator) => {
    const began = performance.now()
    for (const serial of ['SIMW-0001', 'SIMW-0002']) {
      const wand = await plugged(serial)
      note(`${JSON.stringify(wand)} after ${Math.round(performance.now() - began)} ms`)
      await looksRight(wand, serial)
      await answersOnTty(wand, serial)
      await answersOnHidraw(wand, serial)
    }
    assert.deepEqual(
      simulator.describe().map((line) => line.usb),
      [{ attach: 'self' }, { attach: 'self' }],
    )
  }))

test('the libusb driver of node-hid exchanges HELLO, and hidraw is back after it', () =>
  withSimulator({ ports: [{ kind: 'usbip', port: 0 }] }, async () => {
    const wand = await plugged()
    const child = join(import.meta.dirname, 'libusb.child.js')
    const { stdout } = await run(process.execPath, [child, wand.serial], { timeout: 90_000 })
    const { times, ...listed } = JSON.parse(stdout)
    note(`${listed.path}, ms since the start: ${JSON.stringify(times)}`)
    isTheWand(listed, wand.serial)
    await answersOnHidraw(await plugged(), wand.serial)
  }))

test('the command line plugs in, says so, and leaves nothing plugged in when it is stopped', async () => {
  const running = run(process.execPath, [PROGRAM, 'sim', '--usbip', '127.0.0.1:0'])
  let said = ''
  running.child.stdout?.on('data', (text: Buffer) => {
    said += text
  })
  try {
    const wand = await plugged('SIMW-0001', 60_000)
    await answersOnTty(wand, 'SIMW-0001')
    assert.deepEqual(JSON.parse(said.split('\n')[0] as string).usb, { attach: 'self' })
  } finally {
    running.child.kill('SIGTERM')
    await running
  }
  assert.deepEqual(await devices(), [])
})

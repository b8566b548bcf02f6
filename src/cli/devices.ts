// `wandbridge devices`: what is plugged in, what it is taken for, and who has it. Opens nothing.
import type { Command } from 'commander'
import { WAND_DRIVER } from '../host/wand-driver.ts'
import { ASK, type Device, judge, wandsAmong } from '../transport/discovery.ts'
import { type Holder, holdersOf } from '../transport/holders.ts'
import { listDevices } from '../transport/inventory.ts'
import { row } from './render.ts'

export interface Listed extends Device {
  readonly score: number
  /** What it is taken for; null = unknown. */
  readonly name: string | null
  /** Wands: what `auto` calls it. */
  readonly wand: string | null
  readonly holders: readonly Holder[]
}

export function registerDevices(program: Command): void {
  program
    .command('devices')
    .description('List the wands and other serial and HID devices of this computer. Opens none.')
    .option('--json', 'one JSON object a line')
    .action(async (flags: { json?: boolean }) => {
      const { devices, notes, hidden } = await lookAround()
      for (const note of notes) console.error(note)
      if (flags.json) for (const device of devices) console.log(JSON.stringify(device))
      else for (const line of renderDevices(devices, hidden)) console.log(line)
    })
}

/** Everything plugged in, judged, with its holders. */
export async function lookAround() {
  const { devices, notes } = await listDevices()
  const { of, hidden } = await holdersOf(devices.map((device) => device.path))
  const { fingerprints } = WAND_DRIVER
  const wands = wandsAmong(devices, fingerprints)
  const listed = devices.map((device): Listed => {
    const wand = wands.find(({ ways }) => ways.includes(device))
    return {
      ...device,
      ...judge(device, fingerprints),
      wand: wand?.id ?? null,
      holders: of.get(device.path) ?? [],
    }
  })
  return { devices: listed, notes, hidden }
}

export function renderDevices(devices: readonly Listed[], hidden: number | null): string[] {
  const groups = [
    {
      title: 'Wands. `auto` finds them.',
      devices: devices.filter((d) => d.score >= ASK),
    },
    {
      title: 'Unknown serial ports on USB. If a wand is behind one, name it with --serial.',
      devices: devices.filter((d) => d.score > 0 && d.score < ASK),
    },
    { title: 'Others. No wand.', devices: devices.filter((d) => d.score === 0) },
  ]
  const lines = groups
    .filter((group) => group.devices.length > 0)
    .flatMap((group) => [group.title, ...group.devices.flatMap(renderDevice), ''])
  if (devices.length === 0) lines.push('No serial port and no HID device is present.', '')
  if (hidden) {
    lines.push(
      ...row(
        'Note',
        `${hidden} processes of other users cannot be looked into: a port that seems free may be held by one of them. As root, all are seen.`,
      ),
    )
  }
  if (hidden === null) lines.push(...row('Note', 'This system does not tell who holds a port.'))
  return lines
}

function renderDevice(device: Listed): string[] {
  const ids = device.vendorId ? `${device.vendorId}:${device.productId ?? '????'}` : 'not on USB'
  const kind = device.kind === 'hid' ? 'HID' : 'serial'
  const driver = device.driver ? `, driver ${device.driver}` : ''
  const names = [device.manufacturer, device.product, device.serialNumber].filter(Boolean)
  const held = device.holders.map((holder) => `${holder.name} (process ${holder.pid})`)
  const more = [
    names.join(', '),
    device.byId,
    device.kind === 'hid' && device.usbInterface && `libusb: ${device.usbInterface}`,
    device.wand && `auto: usb:${device.wand}`,
    held.length > 0 && `Held by ${held.join(', ')}`,
  ]
  const facts = `${kind}, ${ids}${driver}, score ${device.score}`
  return [...row(device.path, facts), ...more.filter((m) => !!m).flatMap((m) => row('', String(m)))]
}

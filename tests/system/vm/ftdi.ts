// An FTDI adapter between a simulated wand and this machine: QEMU's usb-serial is in the USB socket,
// and its other end is the machine's third UART, where the wand's line is held.

import { readdir, realpath } from 'node:fs/promises'
import { SerialPort } from 'serialport'
import type { WandPath } from '../../../simulator/ports/path.ts'
import { qmp } from './host.ts'
import { run, until } from './until.ts'

const UART = '/dev/ttyS2'
const BY_ID = '/dev/serial/by-id'

export interface Adapter {
  /** `/dev/ttyUSB*` when it was first plugged in. */
  readonly tty: string
  readonly byId: string
  plug(): void
  unplug(): void
  remove(): Promise<void>
}

/** Plugs an adapter in whose other end is `path`. */
export async function ftdi(path: WandPath): Promise<Adapter> {
  const uart = new SerialPort({ path: UART, baudRate: 115_200, autoOpen: false })
  await new Promise<void>((resolve, reject) =>
    uart.open((error) => (error ? reject(error) : resolve())),
  )
  const held = path.hold({ data: (bytes) => void uart.write(bytes), unplugged() {} })
  uart.on('data', (bytes: Buffer) => held?.write(bytes))
  const plug = () =>
    qmp('device_add', { driver: 'usb-serial', id: 'ftdi', bus: 'usb.0', chardev: 'plug' })
  const unplug = () => qmp('device_del', { id: 'ftdi' })
  plug()
  const name = await until('an FTDI adapter by id', async () =>
    (await readdir(BY_ID).catch(() => [])).find((one) => /QEMU|FTDI/.test(one)),
  )
  await run('udevadm', ['settle'])
  const byId = `${BY_ID}/${name}`
  return {
    byId,
    tty: await realpath(byId),
    plug,
    unplug,
    async remove() {
      unplug()
      held?.release()
      await new Promise<void>((resolve) => uart.close(() => resolve()))
      await until('no FTDI adapter', async () =>
        (await readdir(BY_ID).catch(() => [])).every((one) => one !== name),
      )
    },
  }
}

// QEMU's FTDI adapter as a program finds it, with a simulated wand on its line. The other end of that
// line is a PCI serial port of this machine, which the wand gets.
import { readdir, realpath } from 'node:fs/promises'
import { SerialPort } from 'serialport'
import { BAUD } from '../../../protocol/framing/serial-line.ts'
import { type Simulator, type SimulatorOptions, startSimulator } from '../../../simulator/index.ts'
import type { HeldPath, WandPath } from '../../../simulator/ports/path.ts'
import { adapter } from './host.ts'
import { run, until } from './until.ts'

const BY_ID = '/dev/serial/by-id'

export interface Adapter {
  /** `/dev/ttyUSB*`. */
  readonly tty: string
  /** The name that stays when it comes back. */
  readonly byId: string
  /** Of the wand on its line. */
  readonly simulator: Simulator
}

const present = async () =>
  (await readdir(BY_ID).catch(() => [])).find((name) => name.includes('QEMU_USB_SERIAL'))

/** Waits for it to be plugged in, and gives its two names. */
export async function adapterIn(): Promise<{ tty: string; byId: string }> {
  const name = await until('an FTDI adapter by id', present, 20_000)
  await run('udevadm', ['settle'])
  const byId = `${BY_ID}/${name}`
  return { byId, tty: await realpath(byId) }
}

export const adapterOut = () => until('the adapter is out', async () => !(await present()), 20_000)

/** Plugs it in for one test, with the last wand of a simulator with these options on its line. */
export async function withAdapter(
  test: (plugged: Adapter) => Promise<void>,
  options: SimulatorOptions = {},
): Promise<void> {
  const simulator = await startSimulator({ seed: 7, ...options })
  const path = simulator.wands.at(-1)?.paths.line
  if (!path) throw new Error('no wand')
  const unwire = await wire(path)
  adapter('in')
  try {
    await test({ ...(await adapterIn()), simulator })
  } finally {
    adapter('out')
    await adapterOut()
    await unwire()
    await simulator.stop()
  }
}

/** Puts the wand on the line; gives how to take it off. */
async function wire(wand: WandPath): Promise<() => Promise<void>> {
  const port = new SerialPort({ path: await behind(), baudRate: BAUD, autoOpen: false })
  await new Promise<void>((resolve, reject) =>
    port.open((error) => (error ? reject(error) : resolve())),
  )
  let held: HeldPath | null = null
  const hold = () => {
    held = wand.hold({ data: (bytes) => void port.write(Buffer.from(bytes)), unplugged() {} })
  }
  hold()
  const forget = wand.onPlug((plugged) => plugged && hold())
  port.on('data', (bytes: Buffer) => held?.write(bytes))
  return async () => {
    forget()
    held?.release()
    await new Promise<void>((resolve) => port.close(() => resolve()))
  }
}

/** The machine's only serial port on PCI. */
async function behind(): Promise<string> {
  for (const name of await readdir('/sys/class/tty')) {
    if (!/^ttyS\d+$/.test(name)) continue
    const at = await realpath(`/sys/class/tty/${name}/device`).catch(() => '')
    if (at.includes('/pci')) return `/dev/${name}`
  }
  throw new Error('this machine has no serial port on PCI')
}

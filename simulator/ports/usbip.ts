// Simulated wands as real USB devices, over USB/IP: one server lists them all, a bus id each, and any
// Linux (`usbip attach`) or Windows (usbip-win2) machine can plug one in. With the right to do so they
// are plugged into this machine's own kernel, with no tool in between.
//
// Pulling the cable ends the connection, so that the host's kernel sees its device vanish, and takes
// the wand off the list; plugging it in lists it again, and where it was plugged in by itself it is
// again. What was attached by hand must be attached by hand again, as on any plug.
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { Cancel, Env } from '../../src/base/env.ts'
import { PortFaultError, type SimulatedPort, type UsbPlace } from './port.ts'
import { Connection } from './usb/connection.ts'
import { UsbDevice, type UsbWand } from './usb/device.ts'
import {
  deviceId,
  FULL_SPEED,
  ImportStatus,
  type Listed,
  repDevlist,
  repImport,
  USBIP_PORT,
  UsbipReader,
} from './usb/usbip-pdu.ts'
import { Vhci } from './usb/vhci.ts'

/** A client must have said what it wants by then, in ms. */
const PATIENCE_MS = 10_000
/** Clients that have not said yet what they want. */
const MAX_CLIENTS = 16
/** How long and how often the kernel is asked whether it has let go of a port, in ms. */
const SETTLE_MS = 1000
const LOOK_MS = 20

export interface UsbipOptions {
  readonly env: Env
  /** Default 127.0.0.1: whoever reaches it reads the pumps. */
  readonly host?: string
  /** Default 3240; 0: any free one. */
  readonly port?: number
  /** Plug the wands into this machine's kernel if that is possible. Default true. */
  readonly attach?: boolean
}

/** A wand, and how its cable is pulled by what happens on USB itself. */
export interface UsbipWand extends UsbWand {
  pull(): void
}

export async function serveUsbip(
  wands: readonly UsbipWand[],
  options: UsbipOptions,
): Promise<SimulatedPort[]> {
  const { env, host = '127.0.0.1' } = options
  const plugs = wands.map((wand, i) => new Plug(env, wand, i))
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    if (sockets.size > MAX_CLIENTS + plugs.length) socket.destroy()
    else serve(env, socket, plugs)
  })
  const port = await listen(server, host, options.port ?? USBIP_PORT)
  const unusable = options.attach === false ? 'this was not asked for' : Vhci.unusable()
  const place = (plug: Plug): UsbPlace => {
    const why = unusable ?? plug.attach()
    return why === null ? { attach: 'self' } : { attach: line(host, port, plug.listed.busId), why }
  }
  let open = plugs.length
  return plugs.map((plug) => ({
    kind: 'usbip' as const,
    path: `usbip://${host.includes(':') ? `[${host}]` : host}:${port}/${plug.listed.busId}`,
    usb: place(plug),
    async stop() {
      if (!(await plug.stop())) return
      open -= 1
      if (open > 0) return
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }))
}

/** What to type on the machine that shall have the wand. */
function line(host: string, port: number, busId: string): string {
  const tool = port === USBIP_PORT ? 'usbip' : `usbip --tcp-port ${port}`
  const where = ['0.0.0.0', '::'].includes(host) ? 'THIS_MACHINE' : host
  return `${tool} attach -r ${where} -b ${busId}`
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(new PortFaultError('listen', `Cannot listen on ${host}:${port}: ${error.message}.`)),
    )
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port))
  })
}

/** What a client says before it has a wand. */
function serve(env: Env, socket: Socket, plugs: readonly Plug[]): void {
  const cancel = env.after(PATIENCE_MS, () => socket.destroy(), { background: true })
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  socket.on('close', cancel)
  let connection: Connection | null = null
  const reader = new UsbipReader({
    list: () => {
      const free = plugs.filter((plug) => plug.plugged && !plug.busy)
      socket.end(repDevlist(free.map((plug) => plug.listed)))
    },
    import(busId) {
      const plug = plugs.find((one) => one.plugged && one.listed.busId === busId)
      if (!plug || plug.busy) {
        socket.end(repImport(plug ? ImportStatus.BUSY : ImportStatus.NO_DEVICE))
        return false
      }
      cancel()
      socket.write(repImport(plug.listed))
      connection = plug.connect(socket)
      return true
    },
    submit: (transfer) => connection?.submit(transfer),
    unlink: (unlink) => connection?.unlink(unlink),
    refused: () => socket.destroy(),
  })
  socket.on('data', (bytes) => reader.push(bytes))
}

/** Where one wand is plugged in, or can be. */
class Plug {
  readonly listed: Listed
  readonly #env: Env
  readonly #wand: UsbipWand
  readonly #device: UsbDevice
  readonly #stopHearing: (() => void)[]
  #connection: Connection | null = null
  /** This machine's kernel, where the wand plugs itself in. */
  #vhci: Vhci | null = null
  #cancelAttach: Cancel = () => {}
  #stopped = false

  constructor(env: Env, wand: UsbipWand, i: number) {
    this.listed = { busId: `1-${i + 1}`, bus: 1, number: i + 2 }
    this.#env = env
    this.#wand = wand
    this.#device = new UsbDevice(env, wand)
    const { line, report } = wand.paths
    this.#stopHearing = [line, report].map((path) => path.onPlug(() => this.#changed()))
  }

  get plugged(): boolean {
    return this.#wand.paths.line.plugged && this.#wand.paths.report.plugged && !this.#stopped
  }

  get busy(): boolean {
    return this.#connection !== null
  }

  connect(socket: Socket): Connection {
    const connection = new Connection(this.#env, socket, this.#device, this.listed, {
      // Not at once: it may be the wand's own cable that is delivering at this moment.
      pull: () => void this.#env.after(0, () => this.#wand.pull()),
      ended: () => {
        if (this.#connection === connection) this.#connection = null
      },
    })
    this.#connection = connection
    socket.on('close', () => connection.end())
    return connection
  }

  /** Plugs it into this machine's kernel, now and after every plugging in; or says why not now. */
  attach(): string | null {
    this.#vhci = new Vhci()
    if (this.plugged) this.#offer(this.#vhci, SETTLE_MS)
    return this.plugged && !this.busy
      ? 'no port of its virtual hub is free; it goes on trying'
      : null
  }

  /** False: it was stopped before. */
  async stop(): Promise<boolean> {
    if (this.#stopped) return false
    this.#stopped = true
    for (const stop of this.#stopHearing) stop()
    this.#unplug()
    await this.#vhci?.settled(this.#env, SETTLE_MS)
    return true
  }

  #changed(): void {
    if (!this.plugged) this.#unplug()
    else if (this.#vhci && !this.#connection) this.#offer(this.#vhci, SETTLE_MS)
  }

  #unplug(): void {
    this.#cancelAttach()
    this.#connection?.leave()
    this.#connection = null
  }

  /** The port that it had last, if the kernel lets go of it within `patience` ms; else another. */
  #offer(vhci: Vhci, patience: number): void {
    const socket = vhci.attach(deviceId(this.listed), FULL_SPEED, patience <= 0)
    if (!socket) {
      const wait = patience > 0 ? LOOK_MS : SETTLE_MS
      this.#cancelAttach = this.#env.after(wait, () => this.#offer(vhci, patience - wait))
      return
    }
    socket.on('error', () => socket.destroy())
    const connection = this.connect(socket)
    const reader = new UsbipReader(
      {
        list() {},
        import: () => false,
        submit: (transfer) => connection.submit(transfer),
        unlink: (unlink) => connection.unlink(unlink),
        refused: () => connection.end(),
      },
      true,
    )
    socket.on('data', (bytes) => reader.push(bytes))
  }
}

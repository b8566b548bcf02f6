// A port of this machine's own virtual USB hub, Linux' vhci-hcd: the kernel is handed one end of a
// socket pair and talks USB/IP over it. No tool, no network; it takes root, and the module loaded.
//
// Facts: the kernel's drivers/usb/usbip/vhci_sysfs.c. A port is numbered through all hubs; "hs" ports
// take low, full and high speed; state 4 is free. The kernel lets go of a port by itself, soon after
// the other end of the socket is closed.
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { type Env, sleep } from '../../../src/base/env.ts'
import { socketPair } from '../libc.ts'

const DIRECTORY = '/sys/devices/platform/vhci_hcd.0'
const FREE = 4
const LOOK_MS = 20

export class Vhci {
  /** The port of this wand, kept over unplugging, so that it comes back where it was. */
  #port: number | null = null

  /** Why no wand can be plugged into this machine, or null. */
  static unusable(): string | null {
    if (process.platform !== 'linux') return 'only Linux can plug it into itself'
    if (!existsSync(DIRECTORY))
      return 'the kernel module vhci-hcd is not loaded (modprobe vhci-hcd)'
    try {
      accessSync(join(DIRECTORY, 'attach'), constants.W_OK)
      for (const fd of socketPair()) closeSync(fd)
      return null
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      return code === 'EACCES' || code === 'EROFS' ? 'only root may plug it in' : message
    }
  }

  /**
   * Plugs in a device; transfers come from the socket. Null = not now: the port it had last is not
   * free yet, or, with `anywhere`, none is.
   */
  attach(device: number, speed: number, anywhere: boolean): Socket | null {
    const free = freePorts()
    const wanted = this.#port !== null && !anywhere ? free.filter((p) => p === this.#port) : free
    for (const port of wanted) {
      const [ours, theirs] = socketPair()
      try {
        writeFileSync(join(DIRECTORY, 'attach'), `${port} ${theirs} ${device} ${speed}`)
        this.#port = port
        return new Socket({ fd: ours, readable: true, writable: true })
      } catch {
        // Somebody else was faster; the next one may be free.
        closeSync(ours)
      } finally {
        closeSync(theirs)
      }
    }
    return null
  }

  /** Resolves when the kernel has let go of the port, or after `ms`. */
  async settled(env: Env, ms: number): Promise<void> {
    for (let spent = 0; spent < ms; spent += LOOK_MS) {
      if (this.#port === null || freePorts().includes(this.#port)) return
      await sleep(env, LOOK_MS)
    }
  }
}

/** Free ports for full speed: lines `hs PORT STATE …` of the files status, status.1, … */
function freePorts(): number[] {
  const files = readdirSync(DIRECTORY).filter((name) => /^status(\.\d+)?$/.test(name))
  const lines = files.flatMap((name) => readFileSync(join(DIRECTORY, name), 'utf8').split('\n'))
  return lines.flatMap((line) => {
    const [hub, port, state] = line.trim().split(/\s+/)
    return hub === 'hs' && Number(state) === FREE ? [Number(port)] : []
  })
}

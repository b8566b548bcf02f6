// Two programs can open one HID device, and each would take the other's replies: hidraw has no lock.
// So whoever opens one listens on a name made from the device, which only one process can. The name
// lives in no file and goes with its process, however that ends.
import { createHash } from 'node:crypto'
import { realpath } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { basename, dirname } from 'node:path'
import { isLibusbPath } from './hid-driver.ts'
import { PortError } from './port.ts'

export interface HidLock {
  /** Frees the device once `closed` has settled. */
  release(closed: Promise<void>): void
}

/** Devices that this process is letting go of. */
const leaving = new Map<string, Promise<void>>()

/** Rejects with PortError `busy` while another bridge, or another port of this one, has the device. */
export async function lockHid(path: string): Promise<HidLock> {
  const name = await deviceName(path)
  await leaving.get(name)
  const server = await listen(path, name)
  return {
    release(closed) {
      const gone = closed
        .catch(() => {})
        .then(
          () => new Promise<void>((resolve) => void (server?.close(() => resolve()) ?? resolve())),
        )
        .then(() => {
          if (leaving.get(name) === gone) leaving.delete(name)
        })
      leaving.set(name, gone)
    },
  }
}

/** One name for one HID interface, by whichever driver and link it is reached. */
async function deviceName(path: string): Promise<string> {
  if (!path.startsWith('/')) return path
  const file = basename(await realpath(path).catch(() => path))
  const device = await realpath(`/sys/class/hidraw/${file}/device`).catch(() => '')
  const usbInterface = basename(dirname(device))
  return isLibusbPath(usbInterface) ? usbInterface : file
}

/** Null where the system itself opens HID devices for one program only. */
async function listen(path: string, name: string): Promise<Server | null> {
  const address = addressOf(name)
  if (address === null) return null
  const server = createServer((socket) => socket.destroy())
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(address, resolve)
    })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE' || code === 'EACCES') {
      throw new PortError(
        'busy',
        `${path} is held by another bridge. Stop it; this is tried again.`,
      )
    }
    throw new PortError('failed', `${path}: it cannot be kept from other programs: ${message}`)
  }
  return server.unref()
}

function addressOf(name: string): string | null {
  // A leading NUL: Linux's abstract namespace.
  if (process.platform === 'linux') return `\0wandbridge/hid/${name}`
  if (process.platform !== 'win32') return null
  const short = createHash('sha256').update(name).digest('hex').slice(0, 16)
  return `\\\\.\\pipe\\wandbridge-hid-${short}`
}

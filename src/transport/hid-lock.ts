// Two programs can open one HID device, and each would take the other's replies: hidraw has no lock.
// So whoever opens one takes a name made from the device, which lives in no file and goes with its
// process. Where there are no such names, the system itself opens HID devices for one program only.
import { realpath } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { Locked, lockName } from '../base/lock.ts'
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
  const free = await lockName(`hid/${name}`).catch((error: Error) => {
    if (error instanceof Locked) {
      const sentence = `${path} is held by another bridge. Stop it; this is tried again.`
      throw new PortError('busy', sentence)
    }
    throw new PortError(
      'failed',
      `${path}: it cannot be kept from other programs: ${error.message}`,
    )
  })
  return {
    release(closed) {
      const gone = closed
        .catch(() => {})
        .then(free)
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

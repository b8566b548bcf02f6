// What people write for a wand becomes a port.
import { hidPort } from './hid.ts'
import type { Port } from './port.ts'
import { serialPort } from './serial.ts'
import { tcpPort } from './tcp.ts'

/**
 * A serial path, `tcp://HOST:PORT` (its slashes may be left out), a hidraw path, or libusb's name. Throws RangeError
 * with a sentence.
 */
export function portOf(path: string): Port {
  if (/^tcp:/i.test(path)) {
    const match = /^tcp:(?:\/\/)?(?:\[([0-9a-f:.]+)\]|([^\s:/[\]]+)):(\d{1,5})$/i.exec(path)
    const host = match?.[1] ?? match?.[2]
    const port = Number(match?.[3])
    if (host === undefined || port < 1 || port > 65_535) {
      throw new RangeError(`${path}: write tcp://HOST:PORT, such as tcp://192.0.2.7:4001.`)
    }
    return tcpPort(path, host, port)
  }
  if (path.trim() === '' || path.includes('\0')) {
    throw new RangeError(
      'An empty name is no port. Give a serial path, tcp://HOST:PORT or a HID path.',
    )
  }
  const isHid = /^hid:/i.test(path) || /^\/dev\/hidraw\d+$/.test(path) || isLibusb(path)
  return isHid ? hidPort(path.replace(/^hid:/i, '')) : serialPort(path)
}

/** `BUS-PORT:CONFIG.INTERFACE`. */
const isLibusb = (path: string) => /^\d+-[\d.]+:\d+\.\d+$/.test(path)

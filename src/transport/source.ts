// What people write for a port becomes a port source.
import type { Env } from '../base/env.ts'
import { hidSource } from './hid.ts'
import type { PortSource } from './port.ts'
import { serialSource } from './serial.ts'
import { tcpSource } from './tcp.ts'

/** A device path, or `tcp://HOST:PORT`. Throws RangeError with a sentence on anything else. */
export function sourceFor(spec: string, env: Env): PortSource {
  if (/^tcp:/i.test(spec)) return tcpSource(spec, env)
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(spec)) {
    throw new RangeError(`${spec}: a wand is reached by a device path or by tcp://HOST:PORT.`)
  }
  if (spec.trim() === '' || spec.includes('\0')) {
    throw new RangeError('An empty name is no port. Give a device path or tcp://HOST:PORT.')
  }
  return serialSource(spec)
}

/** A hidraw device file, a HID path of another system, or libusb's name for an interface. */
export function hidSourceFor(spec: string, env: Env): PortSource {
  if (spec.trim() === '' || spec.includes('\0') || /^tcp:/i.test(spec)) {
    throw new RangeError(
      `"${spec}" is no HID device. Give a path such as /dev/hidraw0, as \`wandbridge devices\` shows it.`,
    )
  }
  return hidSource(spec, { env })
}

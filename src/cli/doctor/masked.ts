// Facts about this computer with other words in the places of names: for the support bundle. Judged and rendered, they
// give what `doctor` says, and name nobody.
import { basename } from 'node:path'
import { WAND_DRIVER } from '../../host/wand-driver.ts'
import type { Names } from '../../support/names.ts'
import type { Listed } from '../devices.ts'
import type { Facts } from './checks.ts'

/** Programs that take ports, as /proc has them: cut to 15 characters. */
const PROGRAMS = new Set([
  ...['ModemManager', 'brltty', 'screen', 'minicom', 'picocom', 'tio', 'cu', 'putty', 'gpsd'],
  ...['node', 'python3', 'chrome', 'chromium', 'firefox', 'sh', 'bash', 'cat', 'socat', 'sleep'],
])

export function maskedFacts(facts: Facts, names: Names): Facts {
  const { udev, ports, state, medium, hidFault } = facts
  return {
    ...facts,
    hidFault:
      hidFault &&
      ((hidFault.match(/\blib[a-z0-9-]+[\d.]*\.so[\d.]*/g) ?? []).join(', ') ||
        'its reason is left out'),
    udev: { ...udev, source: basename(udev.source) },
    ports: ports.map(({ path, wand, access, holders }) => ({
      ...{ path: names.port(path), wand: wand && wandName(wand, names), access },
      holders: holders.map(({ pid, name }) => ({ pid, name: program(name, names) })),
    })),
    state: { ...state, dir: names.name(state.dir) },
    // The kind of file system alone: its device may be called as its owner is.
    medium: { ...medium, name: /^[a-z0-9]{2,10}(?= \()/.exec(medium.name)?.[0] ?? 'a disk' },
  }
}

/** `simulated wand SERIAL`: what it is taken for is a word of this program. */
function wandName(text: string, names: Names): string {
  const kind = WAND_DRIVER.fingerprints
    .map(({ name }) => `${name} `)
    .find((name) => text.startsWith(name))
  return `${kind ?? ''}${names.name(text.slice(kind?.length ?? 0))}`
}

const program = (name: string, names: Names) => (PROGRAMS.has(name) ? name : names.name(name))

/** A device as `devices --json` gives it. What only the maker's numbers tell of is not named. */
export function maskedDevice(device: Listed, names: Names): object {
  const { kind, vendorId, productId, driver, place, usbInterface, usagePage, usage } = device
  return {
    ...{ kind, path: names.port(device.path), hasById: device.byId !== null },
    ...{ vendorId, productId, driver, place, usbInterface, usagePage, usage },
    ...{ wandDescriptor: device.wandDescriptor, score: device.score, takenFor: device.name },
    manufacturer: names.nameOf(device.manufacturer),
    product: names.nameOf(device.product),
    serialNumber: names.nameOf(device.serialNumber),
    wand: names.nameOf(device.wand),
    holders: device.holders.map(({ pid, name }) => ({ pid, name: program(name, names) })),
  }
}

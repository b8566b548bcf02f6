// What is wrong with this computer for reading wands, and what to do about it: facts in, findings out.
// Nothing here looks at the computer; facts.ts does.
import type { Holder } from '../../transport/holders.ts'
import { type Finding, note, ok, wrong } from './finding.ts'

/** One path that a wand is behind, or is said to be. */
export interface PortFacts {
  readonly path: string
  /** What it is: a wand's name, or null where it is known by its path only. */
  readonly wand: string | null
  /** `no-file`: the system lists it, and there is no such file here. */
  readonly access: 'ok' | 'denied' | 'absent' | 'no-file'
  /** The bridge of this state directory among them left out. */
  readonly holders: readonly Holder[]
}

export interface Facts {
  readonly platform: NodeJS.Platform
  readonly node: string
  /** Why the HID driver cannot be loaded; null = it can. */
  readonly hidFault: string | null
  readonly udev: {
    readonly running: boolean
    /** Where the rules are installed; null = nowhere. */
    readonly rules: string | null
    /** Where they lie to be installed from. */
    readonly source: string
  }
  readonly ports: readonly PortFacts[]
  /** Processes that cannot be looked into; null = the system does not tell. */
  readonly hidden: number | null
  /** A bridge runs with this state directory. */
  readonly bridge: boolean
  readonly state: {
    readonly dir: string
    readonly writable: boolean
    readonly freeBytes: number | null
    /** Milliseconds since 1970 of the newest file; null = there is none. */
    readonly newest: number | null
  }
  readonly medium: Medium
  readonly clock: {
    readonly wall: number
    /** A time service: it has reached a server, it runs, or none is seen. */
    readonly service: 'synchronised' | { readonly name: string } | null
  }
}

/** What the state directory lies on. */
export interface Medium {
  readonly kind: 'encrypted' | 'plain' | 'memory' | 'unknown'
  /** File system and device, for people. */
  readonly name: string
}

/** The range of package.json's `engines`. */
const NODE = { from: [20, 19], before: [26, 3] } as const
/** Below it captures end, and the log is not far from that. */
const LEAST_FREE = 64 << 20
/** A file this far ahead of the clock was not written by a clock that differs a little. */
const AHEAD_MS = 60_000
/** No clock of a computer that runs this release is right before it was made. */
const RELEASED = Date.UTC(2026, 0, 1)

export function check(facts: Facts): Finding[] {
  return [
    node(facts),
    hidDriver(facts),
    ...udev(facts),
    ...facts.ports.flatMap((port) => portFindings(port, facts)),
    ...(facts.ports.length === 0 ? [noWand(facts)] : []),
    ...stateDir(facts),
    medium(facts),
    clock(facts),
  ]
}

function node({ node: version }: Facts): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const below = ([a, b]: readonly [number, number]) => major < a || (major === a && minor < b)
  if (below(NODE.from) || !below(NODE.before)) {
    return wrong(
      'Node',
      `This is Node ${version}; ${NODE.from.join('.')} or newer and older than ${NODE.before.join('.')} is needed. From there on serial ports stall: they open and no data arrives.`,
      'Install Node 24.',
    )
  }
  return ok('Node', version)
}

function hidDriver({ hidFault, platform }: Facts): Finding {
  if (hidFault === null) return ok('HID driver', 'It can be loaded.')
  const todo =
    platform === 'linux'
      ? 'Install libusb 1.0: `sudo apt install libusb-1.0-0` on Debian and Ubuntu, `sudo dnf install libusb1` on Fedora.'
      : 'Read the wand through its serial port (--serial).'
  return wrong(
    'HID driver',
    `Wands cannot be read over HID, over serial ports they can: ${hidFault}.`,
    todo,
  )
}

function udev({ platform, udev: { running, rules, source } }: Facts): Finding[] {
  if (platform !== 'linux') return []
  const service = running
    ? ok('udev', 'It is running.')
    : wrong(
        'udev',
        'udev is not running here: nobody gives wands their permissions when they are plugged in, and names that stay (/dev/serial/by-id) are missing.',
        'Install the package udev; in a container, share /run/udev of the host.',
      )
  const installed = rules
    ? ok('udev rules', rules)
    : note(
        'udev rules',
        'The rules that open wands to the person at this computer are not installed.',
        installRules(source),
      )
  return [service, installed]
}

function portFindings(port: PortFacts, facts: Facts): Finding[] {
  const name = port.wand ? `${port.path} (${port.wand})` : port.path
  if (port.access === 'absent') {
    return [
      wrong('Wand', `${name} is not there.`, 'Plug the wand in, and see `wandbridge devices`.'),
    ]
  }
  if (port.access === 'no-file') {
    return [
      wrong(
        'Wand',
        `The system lists ${name} as plugged in, but there is no such file here: the wand cannot be read.`,
        `In a container, give it the device, such as with --device ${port.path}. Elsewhere, see that udev is running.`,
      ),
    ]
  }
  const open =
    port.access === 'ok'
      ? ok('Access', `${name} may be opened.`)
      : wrong(
          'Access',
          `${name} may not be opened by this user: the wand cannot be read.`,
          permit(facts),
        )
  const [first] = port.holders
  if (first) {
    const who = port.holders.map((h) => `${h.name} (process ${h.pid})`).join(', ')
    return [
      open,
      wrong(
        'Port',
        `${name} is held by another program: ${who}. The wand cannot be read until it lets go.`,
        `Close that program: \`ps -fp ${first.pid}\` shows what it is. ModemManager and brltty take ports by themselves; the udev rules keep ModemManager off.`,
      ),
    ]
  }
  const unseen = facts.hidden
    ? note(
        'Port',
        `${name} seems free; ${facts.hidden} processes of other users cannot be looked into.`,
        'To be sure, run this as root.',
      )
    : ok(
        'Port',
        facts.hidden === null
          ? `Who holds ${name} is not told by this system.`
          : `${name} is free.`,
      )
  return [open, facts.bridge ? ok('Port', `${name} is left to the running bridge.`) : unseen]
}

function installRules(source: string): string {
  const commands = [
    `sudo cp ${source} /etc/udev/rules.d/`,
    'sudo udevadm control --reload',
    'sudo udevadm trigger',
  ]
  return ['Install them:', ...commands].join('\n')
}

function permit({ platform, udev: { source, rules } }: Facts): string {
  if (platform !== 'linux') return 'Give this user the right to open it.'
  const rule = rules
    ? 'The udev rules are there: unplug the wand and plug it in again.'
    : `The udev rules do that. ${installRules(source)}`
  const group = 'sudo usermod -aG dialout USER'
  return `${rule}\nFor a service or a login over the network, the group as well:\n${group}`
}

function noWand({ bridge }: Facts): Finding {
  const todo = 'Plug it in. A device behind an unknown adapter is named with --serial PATH.'
  return note(
    'Wand',
    bridge ? 'No wand is plugged in; a bridge is running.' : 'No wand is plugged in.',
    todo,
  )
}

function stateDir({ state: { dir, writable, freeBytes } }: Facts): Finding[] {
  if (!writable) {
    return [
      wrong(
        'State dir',
        `${dir} cannot be written: nothing can be recorded, so nothing is shown.`,
        'Make it writable for this user, or give another --state-dir.',
      ),
    ]
  }
  if (freeBytes === null) return [ok('State dir', dir)]
  const free = `${Math.floor(freeBytes / 2 ** 20)} MiB free`
  const disk =
    freeBytes < LEAST_FREE
      ? wrong(
          'Disk',
          `${free}: when it is full nothing can be recorded, and nothing newer is shown.`,
          'Make room on this disk, or move the state directory.',
        )
      : ok('Disk', free)
  return [ok('State dir', dir), disk]
}

function medium({ medium: { kind, name } }: Facts): Finding {
  const lost =
    'Whoever takes the disk can read what pumps reported, and the key that signs the log.'
  switch (kind) {
    case 'encrypted':
      return ok('Encryption', `The state directory is on ${name}, which is encrypted at rest.`)
    case 'memory':
      return wrong(
        'Encryption',
        `The state directory is on ${name}, in memory: every record is gone when the computer stops.`,
        'Give a --state-dir on a disk.',
      )
    case 'plain':
      return note(
        'Encryption',
        `The state directory is on ${name}, which is not encrypted by this system. ${lost}`,
        'Put it on an encrypted disk (LUKS). A drive that encrypts by itself cannot be seen from here.',
      )
    case 'unknown':
      return note(
        'Encryption',
        `The state directory is on ${name}; whether that is encrypted at rest cannot be seen from here.`,
        'Ask whoever runs this computer, and note the answer.',
      )
  }
}

function clock({ clock: { wall, service }, state: { newest } }: Facts): Finding {
  const now = new Date(wall).toISOString().slice(0, 19)
  if (wall < RELEASED || (newest !== null && newest > wall + AHEAD_MS)) {
    const why =
      wall < RELEASED
        ? 'this program was made later than that'
        : `the newest file of the state directory is from ${new Date(newest ?? 0).toISOString().slice(0, 19)} UTC`
    return wrong(
      'Clock',
      `The clock says ${now} UTC, but ${why}. Readings would carry wrong times.`,
      'Set the clock, and let a time service keep it.',
    )
  }
  if (service === 'synchronised') return ok('Clock', `${now} UTC, kept by a time service.`)
  if (service) {
    return note(
      'Clock',
      `${now} UTC. ${service.name} is running; whether it has reached a server is not told here.`,
      'Ask it: `chronyc tracking`, `ntpq -p` or `timedatectl`.',
    )
  }
  return note(
    'Clock',
    `${now} UTC. No time service is seen on this computer. Readings carry this time.`,
    'Install chrony, or make sure that the host of this container keeps the time.',
  )
}

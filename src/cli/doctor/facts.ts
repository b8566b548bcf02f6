// The facts about this computer that checks.ts judges. Looks, and changes nothing; opens no port.
import { constants, existsSync } from 'node:fs'
import { access, readdir, readFile, realpath, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Env } from '../../base/env.ts'
import { clockState } from '../../base/time-service.ts'
import { controlAddress } from '../../control/address.ts'
import { bridgeRuns } from '../../control/client.ts'
import { loadHidDriver } from '../../transport/hid-driver.ts'
import { holdersOf } from '../../transport/holders.ts'
import { isListed } from '../../transport/listed.ts'
import type { Listed } from '../devices.ts'
import type { Settings } from '../options.ts'
import type { Facts, Medium, PortFacts } from './checks.ts'

const RULES = '70-wandbridge.rules'
const RULE_DIRS = [
  '/etc/udev/rules.d',
  '/run/udev/rules.d',
  '/usr/lib/udev/rules.d',
  '/lib/udev/rules.d',
]
/** As /proc has them: cut to 15 characters. */
const TIME_SERVICES = ['chronyd', 'ntpd', 'ntpsec', 'systemd-timesyn', 'ptp4l', 'phc2sys']

/** `devices`: what is plugged in. */
export async function gather(
  env: Env,
  settings: Settings,
  devices: readonly Listed[],
): Promise<Facts> {
  const { stateDir } = settings
  const { ports, hidden } = await portFacts(settings, devices)
  const held = await existing(stateDir)
  return {
    platform: process.platform,
    node: process.versions.node,
    hidFault: await hidFault(),
    udev: {
      running: existsSync('/run/udev/control'),
      rules: RULE_DIRS.map((dir) => join(dir, RULES)).find(existsSync) ?? null,
      source: rulesSource(),
    },
    ports,
    hidden,
    bridge: await bridgeRuns(stateDir),
    state: {
      dir: stateDir,
      writable: await can(held, constants.W_OK | constants.X_OK),
      freeBytes: await statfs(held).then(
        (fs) => fs.bavail * fs.bsize,
        () => null,
      ),
      newest: await newest(stateDir),
    },
    medium: await mediumOf(held),
    clock: { wall: env.wall(), service: await timeService(env) },
  }
}

/** The wands plugged in, and the ports that are named. */
async function portFacts(settings: Settings, devices: readonly Listed[]) {
  const wands = new Map(devices.flatMap((d) => (d.wand ? [[d.path, `${d.name} ${d.wand}`]] : [])))
  const named = [...settings.serial, ...settings.hid].filter((path) => path.startsWith('/'))
  const paths = [...new Set([...wands.keys(), ...named])]
  const bridge = await bridgeSocket(settings.stateDir)
  const { of, hidden } = await holdersOf([...paths, ...bridge])
  const own = new Set(bridge.flatMap((socket) => of.get(socket) ?? []).map((holder) => holder.pid))
  const ports = await Promise.all(
    paths.map(async (path): Promise<PortFacts> => {
      return {
        path,
        wand: wands.get(path) ?? null,
        access: await accessTo(path),
        holders: (of.get(path) ?? []).filter((holder) => !own.has(holder.pid)),
      }
    }),
  )
  return { ports, hidden }
}

/** The control socket of a bridge, as /proc names it among the files of its process. */
async function bridgeSocket(stateDir: string): Promise<string[]> {
  const address = controlAddress(stateDir)
  const lines = (await readFile('/proc/net/unix', 'utf8').catch(() => '')).split('\n')
  return lines
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[7] === address)
    .map((fields) => `socket:[${fields[6]}]`)
}

async function hidFault(): Promise<string | null> {
  try {
    await loadHidDriver('/dev/hidraw')
    return null
  } catch (error) {
    return (error as Error).message.split('\n')[0] ?? ''
  }
}

/** Beside the program: in the clone it is built from. */
function rulesSource(): string {
  const rules = join('deploy', 'udev', RULES)
  for (let up = import.meta.dirname; up !== dirname(up); up = dirname(up)) {
    if (existsSync(join(up, rules))) return join(up, rules)
  }
  return rules
}

/** `path`, or the nearest directory above it that is there. */
async function existing(path: string): Promise<string> {
  return existsSync(path) || dirname(path) === path ? path : existing(dirname(path))
}

async function accessTo(path: string): Promise<PortFacts['access']> {
  try {
    await access(path, constants.R_OK | constants.W_OK)
    return 'ok'
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return 'denied'
    return isListed(path) ? 'no-file' : 'absent'
  }
}

const can = (path: string, mode: number) =>
  access(path, mode).then(
    () => true,
    () => false,
  )

/** Time of the newest file below a directory. */
async function newest(dir: string): Promise<number | null> {
  const names = await readdir(dir, { recursive: true }).catch(() => [])
  const times = await Promise.all(
    names.map((name) =>
      stat(join(dir, name)).then(
        (s) => (s.isFile() ? s.mtimeMs : 0),
        () => 0,
      ),
    ),
  )
  return times.length > 0 ? Math.max(...times) : null
}

async function timeService(env: Env): Promise<Facts['clock']['service']> {
  if (clockState(env)() === 'synchronised') return 'synchronised'
  for (const pid of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(pid)) continue
    const name = (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim()
    if (TIME_SERVICES.includes(name)) return { name }
  }
  return null
}

const IN_MEMORY = ['tmpfs', 'ramfs']

/** What a directory lies on, from Linux's tables. `root` is for tests. */
export async function mediumOf(dir: string, root = '/'): Promise<Medium> {
  const table = await readFile(join(root, 'proc/self/mountinfo'), 'utf8').catch(() => '')
  const path = await realpath(dir).catch(() => dir)
  const mounts = table
    .split('\n')
    .flatMap((line) => mountOf(line) ?? [])
    .filter(
      ({ point }) => path === point || path.startsWith(point.endsWith('/') ? point : `${point}/`),
    )
  const mount = mounts.reduce(
    (best, m) => (m.point.length >= (best?.point.length ?? 0) ? m : best),
    mounts[0],
  )
  if (!mount) return { kind: 'unknown', name: 'a disk that this system does not describe' }
  const name = `${mount.type} (${mount.source})`
  if (IN_MEMORY.includes(mount.type)) return { kind: 'memory', name }
  if (mount.type === 'ecryptfs') return { kind: 'encrypted', name }
  const block = join(
    root,
    'sys/class/block',
    (await realpath(join(root, mount.source)).catch(() => mount.source)).split('/').pop() ?? '',
  )
  const own = await layers(
    existsSync(block) && mount.source.startsWith('/')
      ? block
      : join(root, 'sys/dev/block', mount.device),
  )
  if (own === null) return { kind: 'unknown', name }
  return { kind: own ? 'encrypted' : 'plain', name }
}

function mountOf(line: string) {
  const [before, after] = line.split(' - ')
  const [, , device = '', , point = ''] = before?.split(' ') ?? []
  const [type = '', source = ''] = after?.split(' ') ?? []
  if (!type) return null
  const unescaped = point.replace(/\\([0-7]{3})/g, (_, octal) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  )
  return { device, point: unescaped, type, source }
}

/** Whether every way down from a block device goes through dm-crypt; null = it is none. */
async function layers(block: string): Promise<boolean | null> {
  if (!existsSync(block)) return null
  const uuid = await readFile(join(block, 'dm/uuid'), 'utf8').catch(() => '')
  if (uuid.startsWith('CRYPT-')) return true
  const below = await readdir(join(block, 'slaves')).catch(() => [])
  if (below.length === 0) return false
  const found = await Promise.all(below.map((name) => layers(join(block, 'slaves', name))))
  return found.every((encrypted) => encrypted === true)
}

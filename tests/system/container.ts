// A Debian system of its own with systemd as its first process: this computer's own root, or a clean Debian 13, below
// a layer in memory that goes with it. It has a loopback network and nothing else of this computer.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const CACHE = fileURLToPath(new URL('../../.cache/', import.meta.url))
const BOOT_MS = 20_000

/** What this computer lacks to boot a Debian in a container, and what to do about it; null = nothing. */
export function lacking(): string | null {
  if (process.getuid?.() !== 0)
    return 'Only root can boot a Debian in a container: run this as root.'
  if (spawnSync('systemd-nspawn', ['--version']).status !== 0)
    return 'systemd-nspawn is not installed: apt-get install systemd-container.'
  const mounted = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt'])
  return mounted.status === 0
    ? null
    : `Nothing may be mounted here, so no Debian can be booted (${String(mounted.stderr).trim()}): give this machine CAP_SYS_ADMIN.`
}

/** A clean Debian 13 with its own Node, made once of Debian's packages. */
export function debian13(): string {
  const root = join(CACHE, 'debian-13')
  if (existsSync(join(root, 'made'))) return root
  rmSync(root, { recursive: true, force: true })
  mkdirSync(CACHE, { recursive: true })
  const packages = 'systemd,systemd-sysv,udev,dbus,nodejs,libusb-1.0-0'
  const args = ['--variant=minbase', `--include=${packages}`, 'trixie', root]
  execFileSync('mmdebstrap', args, { stdio: ['ignore', 'inherit', 'inherit'] })
  writeFileSync(join(root, 'made'), '')
  return root
}

/** The same as an archive, without Node: what an image is built on. */
export function debian13Archive(): string {
  const file = join(CACHE, 'debian-13.tar')
  if (existsSync(file)) return file
  mkdirSync(CACHE, { recursive: true })
  const args = ['--quiet', '--variant=minbase', 'trixie', `${file}.part.tar`]
  execFileSync('mmdebstrap', args, { stdio: ['ignore', 'inherit', 'inherit'] })
  renameSync(`${file}.part.tar`, file)
  return file
}

export interface Ran {
  readonly code: number | null
  /** Standard output and standard error. */
  readonly text: string
}

export class Container {
  readonly #dir: string
  readonly #program: ChildProcess
  readonly #leader: number

  private constructor(dir: string, program: ChildProcess, leader: number) {
    this.#dir = dir
    this.#program = program
    this.#leader = leader
  }

  /** Boots `root`; `shared` is seen as /shared. */
  static async boot(root: string, shared: string): Promise<Container> {
    const dir = mkdtempSync(join(tmpdir(), 'wandbridge-debian-'))
    const at = (name: string) => join(dir, name)
    for (const name of ['memory', 'root']) mkdirSync(at(name))
    execFileSync('mount', ['-t', 'tmpfs', 'none', at('memory')])
    for (const name of ['upper', 'work']) mkdirSync(join(at('memory'), name))
    const layers = `lowerdir=${root},upperdir=${at('memory')}/upper,workdir=${at('memory')}/work`
    execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', layers, at('root')])
    // Images for builders forbid that packages start services.
    rmSync(join(at('root'), 'usr/sbin/policy-rc.d'), { force: true })
    // It ends with this process, also where that is killed.
    const program = spawn(
      'setpriv',
      [
        ...['--pdeathsig', 'TERM', 'systemd-nspawn'],
        ...['--quiet', '--register=no', '--keep-unit', '--private-network', '--directory'],
        ...[at('root'), `--bind-ro=${shared}:/shared`, '--boot', 'systemd.unit=basic.target'],
      ],
      { stdio: 'ignore', env: { ...process.env, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1' } },
    )
    let said = 'nothing ran in it'
    for (const until = performance.now() + BOOT_MS; ; ) {
      const leader = childOf(program.pid ?? 0)
      if (leader !== null) {
        const container = new Container(dir, program, leader)
        const { code, text } = container.run('systemctl is-system-running')
        said = text
        if (code === 0) return container
      }
      if (performance.now() > until) {
        program.kill('SIGKILL')
        throw new Error(`the container does not boot: ${said}`)
      }
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  /** Runs a script of bash as root in it. */
  run(script: string): Ran {
    const enter = ['--target', String(this.#leader), '--all', 'bash', '--norc', '-c', script]
    const { status, stdout, stderr } = spawnSync('nsenter', enter, {
      encoding: 'utf8',
      maxBuffer: 64 << 20,
      env: {
        PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
        LANG: 'C.UTF-8',
        DEBIAN_FRONTEND: 'noninteractive',
      },
    })
    return { code: status, text: `${stdout}${stderr}` }
  }

  /** Where a file of the container is seen from outside. */
  path(inside: string): string {
    return join(this.#dir, 'root', inside)
  }

  /** What a script prints; throws when it does not end well. */
  must(script: string): string {
    const { code, text } = this.run(script)
    if (code !== 0) throw new Error(`${script}\nended with ${code}: ${text.slice(-4_000)}`)
    return text
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#program.once('close', resolve))
    this.#program.kill('SIGTERM')
    await ended
    for (const name of ['root', 'memory']) spawnSync('umount', ['--lazy', join(this.#dir, name)])
    rmSync(this.#dir, { recursive: true, force: true })
  }
}

/** The only child of a process; null = it has none yet. */
function childOf(pid: number): number | null {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
    return text === '' ? null : Number(text.split(' ')[0])
  } catch {
    return null
  }
}

// The virtual machine of the device tests: a stock Debian kernel under plain emulation, the host's
// own root below it read-only, one writable directory `out` in common. One serial line carries the
// kernel's console, the other carries JSON lines between the runner and the tests.
import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { delimiter, join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'

export interface Machine {
  readonly process: ChildProcess
  /** What the guest writes to /dev/ttyS1. */
  readonly lines: Interface
  /**
   * A command to QEMU itself: `device_add` and `device_del` are hands on the USB plug. Resolves to what
   * it has against it, or null.
   */
  qmp(execute: string, args: Record<string, unknown>): Promise<string | null>
}

export interface MachineOptions {
  readonly cache: string
  readonly out: string
  /** Run by bash in the guest; the machine switches off when it ends. */
  readonly command: string
  /** Further arguments of QEMU. */
  readonly devices: readonly string[]
}

/** What the kernel need not do for us: guard itself, place itself at random, test its own ciphers. */
const FASTER = [
  'mitigations=off',
  'nokaslr',
  'noreplace-smp',
  'tsc=reliable',
  'rodata=off',
  'cryptomgr.notests',
  'initcall_blacklist=load_system_certificate_list,crypto_kdf108_init',
]

export function boot({ cache, out, command, devices }: MachineOptions): Machine {
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out, { recursive: true })
  writeFileSync(join(out, 'command'), command)
  const share = (path: string, tag: string, mode: string) => [
    '-virtfs',
    `local,path=${path},mount_tag=${tag},security_model=none,multidevs=remap${mode}`,
  ]
  const { program, first, env } = qemu(cache)
  const child = spawn(
    program,
    [
      ...first,
      // The least that Node runs on: what a processor has beyond it is emulated more slowly. But random
      // numbers: without them the kernel spends a second to make its own before Node may start.
      ...['-M', 'q35', '-cpu', 'Nehalem,+rdrand', '-smp', '1', '-m', '1024'],
      // The guest's time is counted in instructions, 1 ns each, and real while it is idle: on a busy
      // computer the machine is slow, but nothing in it misses a deadline for that. Were idle time leapt
      // over, it would also be leapt over while a file comes from the host, which a busy computer is
      // slow to give: minutes would pass in the guest between a request and its answer.
      ...['-accel', 'tcg,thread=single', '-icount', 'shift=0'],
      ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
      ...['-serial', `file:${join(out, 'console.log')}`, '-serial', 'stdio'],
      ...['-qmp', `unix:${join(out, 'qmp.sock')},server=on,wait=off`],
      // A firmware that looks for nothing: the other one takes ten seconds.
      ...['-bios', 'qboot.rom'],
      ...['-kernel', join(cache, 'kernel'), '-initrd', join(cache, 'initrd.gz')],
      ...['-append', ['console=ttyS0 quiet panic=-1', ...FASTER].join(' ')],
      ...share('/', 'host', ',readonly=on'),
      ...share(join(cache, 'layer'), 'layer', ',readonly=on'),
      ...share(out, 'out', ''),
      ...devices,
    ],
    { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } },
  )
  let monitor: Promise<Monitor> | undefined
  return {
    process: child,
    lines: createInterface({ input: child.stdout }),
    async qmp(execute, args) {
      monitor ??= openMonitor(join(out, 'qmp.sock')).catch((error: unknown) => {
        // It is not there yet.
        monitor = undefined
        throw error
      })
      return (await monitor)({ execute, arguments: args })
    },
  }
}

/** QEMU of the system, else the one unpacked in the cache with the libraries it was built for. */
function qemu(cache: string): { program: string; first: string[]; env: Record<string, string> } {
  const name = 'qemu-system-x86_64'
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    const program = join(directory, name)
    if (executable(program)) return { program, first: [], env: {} }
  }
  const root = join(cache, 'qemu')
  return {
    program: join(root, 'usr/bin', name),
    first: ['-L', join(root, 'usr/share/qemu'), '-L', join(root, 'usr/share/seabios')],
    env: {
      LD_LIBRARY_PATH: ['usr/lib/x86_64-linux-gnu', 'lib/x86_64-linux-gnu']
        .map((path) => join(root, path))
        .join(':'),
    },
  }
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

type Monitor = (command: Record<string, unknown>) => Promise<string | null>

async function openMonitor(path: string): Promise<Monitor> {
  const socket = connect(path)
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  socket.on('error', () => socket.destroy())
  // It answers one command after the other; greeting and events lie between the answers.
  const waiting: ((error: string | null) => void)[] = []
  createInterface({ input: socket }).on('line', (line) => {
    const said = JSON.parse(line) as { error?: { desc: string }; return?: unknown }
    if (said.error || said.return) waiting.shift()?.(said.error?.desc ?? null)
  })
  const ask: Monitor = (command) =>
    new Promise((resolve) => {
      waiting.push(resolve)
      socket.write(`${JSON.stringify(command)}\n`)
    })
  await ask({ execute: 'qmp_capabilities' })
  return ask
}

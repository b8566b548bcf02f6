// The few C functions that make a pseudo-terminal, or a socket pair for the kernel. koffi is loaded
// only when one is wanted, so that everything else runs where it cannot be.
import { closeSync, constants, openSync } from 'node:fs'
import { createRequire } from 'node:module'
import { PortFaultError } from './port.ts'

export interface Pair {
  /** The master's file descriptor, non-blocking. */
  readonly fd: number
  /** The slave: what a host opens. */
  readonly path: string
}

interface Libc {
  posix_openpt(flags: number): number
  grantpt(fd: number): number
  unlockpt(fd: number): number
  ptsname_r(fd: number, buffer: Uint8Array, size: number): number
  tcgetattr(fd: number, termios: Uint8Array): number
  tcsetattr(fd: number, when: number, termios: Uint8Array): number
  cfmakeraw(termios: Uint8Array): void
  tcflush(fd: number, queue: number): number
  fcntl(fd: number, command: number, type: 'int', argument: number): number
  socketpair(domain: number, type: number, protocol: number, fds: Int32Array): number
  poll(fds: Uint8Array, count: number, timeout: number): number
  errno(): number
}

const DARWIN = process.platform === 'darwin'
const O_CLOEXEC = DARWIN ? 0x1000000 : 0o2000000
const F_GETFL = 3
const F_SETFL = 4
const F_DUPFD_CLOEXEC = DARWIN ? 67 : 1030
const TCIFLUSH = DARWIN ? 1 : 0
const POLLIN = 0x01
const POLLHUP = 0x10
/** Larger than any system's struct termios. */
const TERMIOS_BYTES = 256

let loaded: Libc | null = null

function libc(): Libc {
  if (loaded) return loaded
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi')
    // Null: this process, which has the C library loaded under whatever name.
    const lib = koffi.load(null)
    loaded = {
      posix_openpt: lib.func('int posix_openpt(int flags)'),
      grantpt: lib.func('int grantpt(int fd)'),
      unlockpt: lib.func('int unlockpt(int fd)'),
      ptsname_r: lib.func('int ptsname_r(int fd, _Out_ uint8_t *buffer, size_t size)'),
      tcgetattr: lib.func('int tcgetattr(int fd, _Out_ uint8_t *termios)'),
      tcsetattr: lib.func('int tcsetattr(int fd, int when, _In_ uint8_t *termios)'),
      cfmakeraw: lib.func('void cfmakeraw(_Inout_ uint8_t *termios)'),
      tcflush: lib.func('int tcflush(int fd, int queue)'),
      fcntl: lib.func('int fcntl(int fd, int command, ...)'),
      socketpair: lib.func('int socketpair(int domain, int type, int protocol, _Out_ int *fds)'),
      poll: lib.func('int poll(_Inout_ uint8_t *fds, unsigned long count, int timeout)'),
      errno: () => koffi.errno(),
    }
    return loaded
  } catch (error) {
    throw new Error(`the C library cannot be called here: ${reason(error)}`)
  }
}

const reason = (error: unknown) => (error instanceof Error ? error.message : String(error))

function must(what: string, result: number): number {
  if (result >= 0) return result
  throw new Error(`${what} failed (errno ${libc().errno()})`)
}

/** A new pair in raw mode, whose slave nobody holds: `slaveState` says so. */
export function openPair(): Pair {
  try {
    if (process.platform === 'win32') throw new Error('Windows has none')
    return madePair()
  } catch (error) {
    const why = `No pseudo-terminal can be made: ${reason(error)}.`
    throw new PortFaultError('no-pty', `${why} Use TCP instead: --tcp 127.0.0.1:0.`)
  }
}

function madePair(): Pair {
  const c = libc()
  const { O_RDWR, O_NOCTTY } = constants
  const fd = must('posix_openpt', c.posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC))
  try {
    // Node leaves a master as it is: a host that closes and opens again between the event and the read
    // would stop this whole process in that read.
    const flags = must('fcntl', c.fcntl(fd, F_GETFL, 'int', 0))
    must('fcntl', c.fcntl(fd, F_SETFL, 'int', flags | constants.O_NONBLOCK))
    must('grantpt', c.grantpt(fd))
    must('unlockpt', c.unlockpt(fd))
    const name = Buffer.alloc(128)
    must('ptsname_r', -c.ptsname_r(fd, name, name.length))
    const path = name.toString('latin1', 0, name.indexOf(0))
    const termios = Buffer.alloc(TERMIOS_BYTES)
    must('tcgetattr', c.tcgetattr(fd, termios))
    c.cfmakeraw(termios)
    must('tcsetattr', c.tcsetattr(fd, 0, termios))
    flushSlave(path)
    return { fd, path }
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

/** Throws away what a host has not read. Opening and closing the slave also marks it as closed. */
export function flushSlave(path: string): void {
  const { O_RDWR, O_NOCTTY, O_NONBLOCK } = constants
  const slave = openSync(path, O_RDWR | O_NOCTTY | O_NONBLOCK)
  libc().tcflush(slave, TCIFLUSH)
  closeSync(slave)
}

/** Another descriptor of the same terminal, which no child process inherits. */
export function duplicate(fd: number): number {
  return must('fcntl', libc().fcntl(fd, F_DUPFD_CLOEXEC, 'int', 0))
}

/** `open`: a host holds the slave, or has written to it. */
export function slaveState(fd: number): 'open' | 'closed' {
  const pollfd = Buffer.alloc(8)
  pollfd.writeInt32LE(fd, 0)
  pollfd.writeInt16LE(POLLIN, 4)
  libc().poll(pollfd, 1, 0)
  const events = pollfd.readInt16LE(6)
  return (events & POLLHUP) === 0 || (events & POLLIN) !== 0 ? 'open' : 'closed'
}

/** Both ends of a stream within this machine, as descriptors that no child process inherits. Linux. */
export function socketPair(): readonly [number, number] {
  const AF_UNIX = 1
  const SOCK_STREAM_CLOEXEC = 1 | O_CLOEXEC
  const fds = new Int32Array(2)
  must('socketpair', libc().socketpair(AF_UNIX, SOCK_STREAM_CLOEXEC, 0, fds))
  return [fds[0] as number, fds[1] as number]
}

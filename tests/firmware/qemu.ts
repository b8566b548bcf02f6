// The firmware on an emulated Cortex-M3 whose serial line is a pseudo-terminal behind a link, and whose kept
// memory is a file: it can lose its power and come back as the same wand.
import { type ChildProcess, spawn } from 'node:child_process'
import {
  closeSync,
  ftruncateSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeSync,
} from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { BUILT, type Emulator, FIRMWARE } from './build.ts'

/** Where firmware/ports/mps2.ld puts the stack, and what startup_mps2.c paints it with. */
const STACK_AT = 0x2000_0000
const PAINT = 0xa5
/** Where port_mps2.c looks whether it is lifted, in the kept memory. */
const LIFTED_AT = 0x40

export class Board {
  /** What a host opens. */
  readonly port: string
  /** Its second UART, which carries reports, 64 bytes each. */
  readonly reports: string
  readonly #emulator: Emulator
  readonly #dir: string
  #child: ChildProcess | null = null

  /** `dir` holds what it keeps without power; it is there for this board alone. */
  constructor(emulator: Emulator, dir: string) {
    this.#emulator = emulator
    this.#dir = dir
    this.port = join(dir, 'wand')
    this.reports = join(dir, 'reports')
    const kept = openSync(join(dir, 'kept'), 'w')
    ftruncateSync(kept, 16 << 20)
    closeSync(kept)
  }

  async on(): Promise<void> {
    const { program, env } = this.#emulator
    const kept = `memory-backend-file,id=kept,size=16M,share=on,mem-path=${join(this.#dir, 'kept')}`
    const child = spawn(
      program,
      [
        ...['-M', 'mps2-an385,memory-backend=kept', '-object', kept, '-cpu', 'cortex-m3'],
        ...['-nographic', '-monitor', 'none', '-serial', 'pty', '-serial', 'pty'],
        ...['-qmp', `unix:${join(this.#dir, 'qmp')},server=on,wait=off`],
        ...['-kernel', join(BUILT, 'arm', 'wand.elf')],
      ],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } },
    )
    this.#child = child
    let said = ''
    child.stderr.on('data', (text) => {
      said += text
    })
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const [, path, number] = /(\/dev\/\S+) \(label serial(\d)\)/.exec(line) ?? []
        if (!path) return
        const link = number === '0' ? this.port : this.reports
        rmSync(link, { force: true })
        symlinkSync(path, link)
        if (number === '1') resolve()
      })
      child.once('error', reject)
      child.once('close', (code) => reject(new Error(`the emulator ended: ${code}\n${said}`)))
    })
  }

  /** Takes it off its pump, or puts it back: a word of the kept memory, which the program is asked to look at. */
  lift(is: boolean): void {
    const kept = openSync(join(this.#dir, 'kept'), 'r+')
    writeSync(kept, Uint8Array.of(Number(is)), 0, 1, LIFTED_AT)
    closeSync(kept)
  }

  /** The power goes, in the middle of whatever it was doing. */
  async off(): Promise<void> {
    const child = this.#child
    this.#child = null
    if (!child || child.exitCode !== null) return
    const gone = new Promise((resolve) => child.once('close', resolve))
    child.kill('SIGKILL')
    await gone
  }

  /** The reset line of the processor; the cable stays. */
  reset(): Promise<void> {
    return this.#monitor('system_reset', {})
  }

  /** How many bytes of the stack were never in use. */
  async stackLeft(): Promise<number> {
    const script = readFileSync(join(FIRMWARE, 'ports/mps2.ld'), 'utf8')
    const size = Number(/stack_begin = \.; \. \+= (\d+)/.exec(script)?.[1])
    const filename = join(this.#dir, 'stack')
    await this.#monitor('pmemsave', { val: STACK_AT, size, filename })
    return readFileSync(filename).findIndex((byte) => byte !== PAINT)
  }

  #monitor(execute: string, args: object): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = connect(join(this.#dir, 'qmp'))
      const commands = [{ execute: 'qmp_capabilities' }, { execute, arguments: args }]
      let answers = 0
      socket.once('error', reject)
      createInterface({ input: socket }).on('line', (line) => {
        const said = JSON.parse(line) as { error?: { desc: string }; return?: unknown }
        if (said.error) reject(new Error(said.error.desc))
        if (said.return !== undefined && ++answers === commands.length) {
          socket.destroy()
          resolve()
        }
      })
      for (const command of commands) socket.write(`${JSON.stringify(command)}\n`)
    })
  }
}

// `npm run test:vm`: boots two machines side by side, runs every device test in one of them, tells each
// by name, and ends a machine that hangs, saying what it was doing. Build the image first with image.sh.
import { mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { boot } from './machine.ts'

/** What the guest says: one JSON object a line (tests/system/vm/reporter.ts and host.ts). */
type Said =
  | { readonly say: 'start'; readonly name: string }
  | { readonly say: 'pass'; readonly name: string; readonly ms: number }
  | { readonly say: 'fail'; readonly name: string; readonly ms: number; readonly why: string }
  | { readonly say: 'skip'; readonly name: string; readonly why: string }
  | { readonly say: 'note'; readonly text: string }
  | { readonly say: 'adapter'; readonly plug: 'in' | 'out' }

/** What one machine came to. `failed` counts what ended it without failing a test, too. */
interface Outcome {
  readonly passed: number
  readonly failed: number
  readonly skipped: readonly { readonly name: string; readonly why: string }[]
}

/** Two machines that take about equally long; a third would only slow them down on two processors. */
const FIRST = ['ftdi', 'replug', 'rights', 'usb-faults', 'usb-attach']
const MACHINES = [
  { name: 'one', topics: FIRST.join('|') },
  { name: 'two', topics: `(?!(${FIRST.join('|')})$).*` },
]

/** A machine that counts its time in instructions can miss its own alarm clock; any event wakes it. */
const NUDGE_MS = 1_000

/** No word from the guest for so long means that it hangs; in the gate it runs on what others leave. */
const SILENCE_MS = 600_000
const LONG = process.env.WANDBRIDGE_LONG === '1'
const TOTAL_MS = LONG ? 3_600_000 : 1_800_000

const root = realpathSync(process.cwd())
const cache = resolve('.cache/vm')
const compiled = join(cache, 'js')
const only = process.argv[2] ?? ''
/** In the form of tools/report.mjs. Without it nothing is known of a run. */
const report = resolve('.cache/reports/vm.json')
rmSync(report, { force: true })

// Its own serial number, or it would have another name each time it is plugged in.
const ADAPTER = {
  driver: 'usb-serial',
  id: 'adapter',
  chardev: 'wand',
  bus: 'usb.0',
  serial: 'ADAPTER1',
}

const began = performance.now()
const secondsSince = (from: number) => ((performance.now() - from) / 1000).toFixed(1)

function run({ name, topics }: (typeof MACHINES)[number]): Promise<Outcome> {
  const out = join(cache, 'out', name)
  // What is on the other end of the line of QEMU's own FTDI adapter: a serial port of the same machine,
  // so that a wand on it lives in the machine's time.
  const line = join(out, 'line.sock')
  // No optimizing compiler: under emulation it costs more than it gives.
  const machine = boot({
    cache,
    out,
    devices: [
      ...['-device', 'qemu-xhci,id=usb'],
      ...['-chardev', `socket,id=wand,path=${line},server=on,wait=off`],
      ...['-chardev', `socket,id=back,path=${line},reconnect=1`],
      ...['-device', 'pci-serial,chardev=back'],
    ],
    command: `
      cd ${JSON.stringify(root)}
      busybox stty -F /dev/ttyS1 raw -echo
      export WANDBRIDGE_LONG=${LONG ? 1 : 0} WANDBRIDGE_TOPICS='${topics}'
      exec ${JSON.stringify(process.execPath)} --no-opt \\
        --test-reporter=${JSON.stringify(join(compiled, 'reporter.js'))} \\
        --test-reporter-destination=/dev/ttyS1 \\
        ${only ? `--test-name-pattern=${JSON.stringify(only)}` : ''} \\
        ${JSON.stringify(join(compiled, 'main.js'))} >/out/tests.log 2>&1`,
  })

  /** Tests that have begun, and when. */
  const running = new Map<string, number>()
  /** Of the test that runs: told with its end, because the machines run side by side. */
  const notes: string[] = []
  /** Hands on the adapter's plug, one after the other. */
  let plugged = Promise.resolve()
  const tally = { pass: 0, fail: 0 }
  const skipped: { name: string; why: string }[] = []
  let silence: NodeJS.Timeout | undefined
  let killed = ''

  const kill = (why: string) => {
    killed ||= why
    machine.process.kill('SIGKILL')
  }
  const heard = () => {
    clearTimeout(silence)
    silence = setTimeout(() => kill(`no word from it for ${SILENCE_MS / 1000} s`), SILENCE_MS)
  }

  /** Until it is done: QEMU is not at once done with an adapter that was pulled. */
  async function plug(how: 'in' | 'out'): Promise<void> {
    for (let again = 100; ; again -= 1) {
      const error =
        how === 'in'
          ? await machine.qmp('device_add', ADAPTER)
          : await machine.qmp('device_del', { id: ADAPTER.id })
      if (error === null) return
      if (again === 0) return console.error(`QEMU: ${error}`)
      await wait(50)
    }
  }

  function tell(said: Said): void {
    switch (said.say) {
      case 'start':
        running.set(said.name, performance.now())
        return
      case 'note':
        notes.push(`      ${said.text}`)
        return
      case 'adapter':
        plugged = plugged.then(() => plug(said.plug))
        return
    }
    const seconds = secondsSince(running.get(said.name) ?? began)
    running.delete(said.name)
    for (const text of notes.splice(0)) console.log(text)
    if (said.say === 'skip') skipped.push({ name: said.name, why: said.why })
    else tally[said.say] += 1
    if (said.say === 'pass') {
      console.log(`  ok  ${said.name} (${Math.round(said.ms)} ms of its time, ${seconds} s)`)
    } else if (said.say === 'fail') {
      console.log(`  FAIL  ${said.name} (${seconds} s)\n${indent(said.why)}`)
    } else if (!only) console.log(`  skip  ${said.name}\n${indent(said.why)}`)
  }

  const limit = setTimeout(() => kill(`not done after ${TOTAL_MS / 1000} s`), TOTAL_MS)
  heard()
  const nudge = setInterval(() => void machine.qmp('query-status', {}).catch(() => {}), NUDGE_MS)
  machine.process.stderr?.on('data', (text: Buffer) => process.stderr.write(text))
  machine.process.on('error', (error) => {
    killed = `QEMU did not start: ${error.message}`
  })
  machine.lines.on('line', (text) => {
    heard()
    try {
      tell(JSON.parse(text) as Said)
    } catch {
      console.log(`  ?  ${text}`)
    }
  })
  return new Promise((resolve) =>
    machine.process.on('close', () => {
      clearTimeout(silence)
      clearTimeout(limit)
      clearInterval(nudge)
      const failed = killed !== '' || tally.fail > 0 || tail(out, 'code') !== '0'
      if (killed) {
        const at = [...running.keys()].join(', ') || 'boot'
        console.log(`The machine ${name} was killed: ${killed}. It was at: ${at}.`)
      }
      for (const file of failed ? ['console.log', 'tests.log'] : []) {
        const text = tail(out, file)
        if (text) console.log([...notes, `--- end of ${join(out, file)}`, text].join('\n'))
      }
      console.log(`  The machine ${name} is done, after ${secondsSince(began)} s.`)
      // What ended the run without failing a test is a failure, too.
      resolve({ passed: tally.pass, failed: failed ? Math.max(1, tally.fail) : 0, skipped })
    }),
  )
}

function indent(text: string): string {
  return text.replace(/^/gm, '        ')
}

/** The last lines of a file of the guest, or nothing. */
function tail(out: string, name: string): string {
  try {
    return readFileSync(join(out, name), 'utf8').trimEnd().split('\n').slice(-25).join('\n')
  } catch {
    return ''
  }
}

const outcomes = await Promise.all(MACHINES.map(run))
const sum = (of: (one: Outcome) => number) => outcomes.reduce((total, one) => total + of(one), 0)
const passed = sum((one) => one.passed)
// That nothing ran at all is a failure.
const failed = sum((one) => one.failed) || (passed === 0 ? 1 : 0)
const skipped = outcomes.flatMap((one) => one.skipped)
console.log(
  `Device tests in the virtual machine: ${passed} passed, ${failed} failed, ` +
    `${skipped.length} skipped, ${secondsSince(began)} s.`,
)
mkdirSync(dirname(report), { recursive: true })
writeFileSync(report, JSON.stringify({ passed, failed, skipped }, null, 2))
process.exitCode = failed > 0 ? 1 : 0

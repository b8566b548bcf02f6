// `npm run test:vm`: boots the machine once, runs every device test in it, tells each by name, and
// ends it when it hangs, saying what it was doing. Build the image first with image.sh.
import { mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type CommandInput, startSimulator } from '../../simulator/index.ts'
import { boot } from './machine.ts'

/** What the guest says: one JSON object a line (tests/system/vm/reporter.ts and host.ts). */
type Said =
  | { readonly say: 'start'; readonly name: string }
  | { readonly say: 'pass'; readonly name: string; readonly ms: number }
  | { readonly say: 'fail'; readonly name: string; readonly ms: number; readonly why: string }
  | { readonly say: 'skip'; readonly name: string; readonly why: string }
  | { readonly say: 'note'; readonly text: string }
  /** To the wand behind the FTDI adapter. */
  | { readonly say: 'wand'; readonly command: CommandInput }
  | { readonly say: 'adapter'; readonly plug: 'in' | 'out' }

/** No word from the guest for so long means that it hangs. */
const SILENCE_MS = 120_000
const LONG = process.env.WANDBRIDGE_LONG === '1'
const TOTAL_MS = LONG ? 3_600_000 : 600_000

const root = realpathSync(process.cwd())
const cache = resolve('.cache/vm')
const out = join(cache, 'out')
const compiled = join(cache, 'js/tests/system/vm')
const only = process.argv[2] ?? ''
/** In the form of tools/report.mjs. Without it nothing is known of a run. */
const report = resolve('.cache/reports/vm.json')
rmSync(report, { force: true })

// The wand on the line of QEMU's own FTDI adapter. It lives out here: a TCP line into the emulator.
const wand = await startSimulator({ seed: 7, ports: [{ kind: 'tcp' }] })
const tcp = new URL(wand.describe()[0]?.path ?? '')
const ADAPTER = { driver: 'usb-serial', id: 'adapter', chardev: 'wand', bus: 'usb.0' }

const machine = boot({
  cache,
  out,
  devices: [
    ...['-device', 'qemu-xhci,id=usb'],
    ...['-chardev', `socket,id=wand,host=${tcp.hostname},port=${tcp.port},reconnect=1`],
  ],
  command: `
    cd ${JSON.stringify(root)}
    busybox stty -F /dev/ttyS1 raw -echo
    export WANDBRIDGE_LONG=${LONG ? 1 : 0}
    exec ${JSON.stringify(process.execPath)} \\
      --test-reporter=${JSON.stringify(join(compiled, 'reporter.js'))} \\
      --test-reporter-destination=/dev/ttyS1 \\
      ${only ? `--test-name-pattern=${JSON.stringify(only)}` : ''} \\
      ${JSON.stringify(join(compiled, 'main.js'))} >/out/tests.log 2>&1`,
})

const running = new Set<string>()
const tally = { pass: 0, fail: 0 }
const skipped: { name: string; why: string }[] = []
let silence: NodeJS.Timeout | undefined
let killed = ''

function kill(why: string): void {
  killed ||= why
  machine.process.kill('SIGKILL')
}

function heard(): void {
  clearTimeout(silence)
  silence = setTimeout(() => kill(`no word from it for ${SILENCE_MS / 1000} s`), SILENCE_MS)
}

function tell(said: Said): void {
  switch (said.say) {
    case 'start':
      running.add(said.name)
      return
    case 'note':
      console.log(`      ${said.text}`)
      return
    case 'wand':
      void wand.command(said.command)
      return
    case 'adapter':
      if (said.plug === 'in') void machine.qmp('device_add', ADAPTER)
      else void machine.qmp('device_del', { id: ADAPTER.id })
      return
  }
  running.delete(said.name)
  if (said.say === 'skip') skipped.push({ name: said.name, why: said.why })
  else tally[said.say] += 1
  if (said.say === 'pass') console.log(`  ok  ${said.name} (${Math.round(said.ms)} ms)`)
  else console.log(`  ${said.say === 'fail' ? 'FAIL' : 'skip'}  ${said.name}\n${indent(said.why)}`)
}

function indent(text: string): string {
  return text.replace(/^/gm, '        ')
}

/** The last lines of a file of the guest, or nothing. */
function tail(name: string): string {
  try {
    return readFileSync(join(out, name), 'utf8').trimEnd().split('\n').slice(-25).join('\n')
  } catch {
    return ''
  }
}

const began = performance.now()
const limit = setTimeout(() => kill(`not done after ${TOTAL_MS / 1000} s`), TOTAL_MS)
heard()
machine.process.stderr?.on('data', (text: Buffer) => process.stderr.write(text))
machine.process.on('error', (error) => {
  killed = `QEMU did not start: ${error.message}`
})
machine.lines.on('line', (line) => {
  heard()
  try {
    tell(JSON.parse(line) as Said)
  } catch {
    console.log(`  ?  ${line}`)
  }
})
machine.process.on('close', () => {
  void wand.stop()
  clearTimeout(silence)
  clearTimeout(limit)
  const code = tail('code')
  const seconds = ((performance.now() - began) / 1000).toFixed(0)
  const failed = killed !== '' || tally.fail > 0 || code !== '0' || tally.pass === 0
  if (killed) {
    console.log(
      `The machine was killed: ${killed}. It was at: ${[...running].join(', ') || 'boot'}.`,
    )
  }
  if (failed) {
    for (const name of ['console.log', 'tests.log']) {
      const text = tail(name)
      if (text) console.log(`--- end of ${join(out, name)}\n${text}`)
    }
  }
  console.log(
    `Device tests in the virtual machine: ${tally.pass} passed, ${tally.fail} failed, ` +
      `${skipped.length} skipped, ${seconds} s.`,
  )
  // What ended the run without failing a test is a failure, too.
  const failures = failed ? Math.max(1, tally.fail) : 0
  mkdirSync(dirname(report), { recursive: true })
  writeFileSync(report, JSON.stringify({ passed: tally.pass, failed: failures, skipped }, null, 2))
  process.exitCode = failed ? 1 : 0
})

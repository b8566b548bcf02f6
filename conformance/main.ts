#!/usr/bin/env node
// The program `wand-conform`: options, a port, a run, a report, an exit code.
//
// 0 every check that was run passed · 1 one failed, or none could be run · 2 usage · 3 no wand answers.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { CHECKS } from './checks/index.ts'
import { systemClock } from './clock.ts'
import { reportJson } from './output/json.ts'
import { reportJunit } from './output/junit.ts'
import { plain, resultText, summary } from './output/text.ts'
import { portOf } from './ports/path.ts'
import type { Port } from './ports/port.ts'
import { type Report, run } from './run.ts'
import { Gone } from './verdict.ts'

const USAGE = `wand-conform PATH [options]

Holds a wand to protocol/README.md, by numbered checks, each of one section. PATH is a serial port
(/dev/ttyACM0), tcp://HOST:PORT, or a HID device (/dev/hidraw0).

Over a pump, which may be a bench pump, it sends nothing but whole read requests, and read requests that are
damaged on purpose. What no host sends (other versions, unknown types, the range that is never assigned) it
sends only with --no-implant, and only while the wand reports no coupling.

  --no-implant      no pump is in reach: try what is for a wand alone
  --sees-openings   the wand can see that its port is opened, and begins with empty buffers then
  --slack MS        what the way to the wand may add to a time (20)
  --json            the report as JSON on standard output, and nothing else
  --junit FILE      the report as JUnit's XML, besides
  --list            name every check, and do nothing
  --help

Exit codes: 0 every check that was run passed, 1 one failed, 2 usage, 3 no wand answers.
`

class Usage extends Error {}

interface Asked {
  readonly port: Port
  readonly noImplant: boolean
  readonly seesOpenings: boolean
  readonly slackMs: number
  readonly json: boolean
  readonly junit: string | undefined
}

function asked(args: string[]): Asked | 'help' | 'list' {
  const { values, positionals } = parsed(args)
  if (values.help) return 'help'
  if (values.list) return 'list'
  const [path, ...more] = positionals
  if (path === undefined || more.length > 0) throw new Usage('Name one wand: wand-conform PATH.')
  const slackMs = Number(values.slack ?? '20')
  if (!/^\d{1,4}$/.test(values.slack ?? '20'))
    throw new Usage(`--slack ${plain(values.slack ?? '')}: write milliseconds, such as 20.`)
  try {
    const port = portOf(path)
    const { 'no-implant': noImplant, 'sees-openings': seesOpenings, json, junit } = values
    return { port, noImplant, seesOpenings, slackMs, json, junit }
  } catch (error) {
    if (error instanceof RangeError) throw new Usage(error.message)
    throw error
  }
}

function parsed(args: string[]) {
  const flag = { type: 'boolean', default: false } as const
  const text = { type: 'string' } as const
  const options = {
    ...{ 'no-implant': flag, 'sees-openings': flag, json: flag, list: flag, help: flag },
    ...{ slack: text, junit: text },
  }
  try {
    return parseArgs({ args, allowPositionals: true, options })
  } catch (error) {
    throw new Usage((error as Error).message)
  }
}

async function conform({ json, junit, ...options }: Asked): Promise<number> {
  let stopped = false
  const stop = () => {
    // The second time somebody means it; a session that is open ends with its lease.
    if (stopped) process.exit(1)
    stopped = true
    console.error('Stopping: no check begins any more. A session that is open is closed.')
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  const say = (text: string) => {
    if (!json) console.log(text)
  }
  say(`Checking ${options.port.path}${options.noImplant ? ', without an implant' : ''}.`)
  const report = await run({
    ...{ ...options, clock: systemClock, checks: CHECKS, stopped: () => stopped },
    ended: (result) => say(resultText(result)),
  })
  if (json) console.log(reportJson(report))
  else say(summary(report))
  if (junit !== undefined) writeFileSync(junit, reportJunit(report))
  if (report.silent)
    console.error(
      `Nothing came from ${options.port.path}. Nothing can be said of a wand there: look at the cable, its power, and that no other program reads it.`,
    )
  return exitCode(report, stopped)
}

function exitCode(report: Report, stopped: boolean): number {
  if (report.silent) return 3
  const failed = report.results.some(({ result }) => result === 'failed')
  return failed || stopped || report.session !== 0 ? 1 : 0
}

try {
  const what = asked(process.argv.slice(2))
  if (what === 'help') console.log(USAGE)
  else if (what === 'list')
    for (const { number, section, title } of CHECKS) console.log(`${number}  §${section}  ${title}`)
  else process.exitCode = await conform(what)
} catch (error) {
  if (error instanceof Usage) {
    console.error(`${error.message}\n\n${USAGE}`)
    process.exitCode = 2
  } else if (error instanceof Gone) {
    console.error(`${plain(error.message)}. No wand was asked anything.`)
    process.exitCode = 3
  } else throw error
}

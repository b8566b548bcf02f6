// `wandbridge doctor`: what is wrong with this computer, what will be within weeks, and what to do. Reads no pump, opens no port.
import { writeFileSync } from 'node:fs'
import { hostname, release, type, userInfo } from 'node:os'
import type { Command } from 'commander'
import { systemEnv, utc } from '../base/env.ts'
import { VERSION } from '../base/version.ts'
import { lookAround, renderDevices } from './devices.ts'
import { lookAhead } from './doctor/ahead.ts'
import { gatherAhead } from './doctor/ahead-facts.ts'
import { check } from './doctor/checks.ts'
import { gather } from './doctor/facts.ts'
import type { Finding } from './doctor/finding.ts'
import { fleetEnds, fleetFindings } from './doctor/fleet.ts'
import { gatherFleet } from './doctor/fleet-facts.ts'
import { CommandError, Exit } from './exit.ts'
import { type BridgeFlags, settings, withBridgeOptions } from './options.ts'
import { row } from './render.ts'

interface DoctorFlags extends BridgeFlags {
  readonly json?: boolean
  readonly report?: true | string
}

export function registerDoctor(program: Command): void {
  withBridgeOptions(program.command('doctor'))
    .description(
      'Say what is wrong with this computer for reading wands, what will be within weeks, and what to do.',
    )
    .option('--json', 'one JSON object a finding, one a line')
    .option('--report [file]', 'also write it to a file of one page, to be filed away')
    .action(async (flags: DoctorFlags) => {
      const env = systemEnv()
      const chosen = settings(flags)
      const { devices, hidden } = await lookAround()
      const facts = await gather(env, chosen, devices)
      const ahead = await gatherAhead(env, chosen, facts.state.freeBytes)
      const fleet = await gatherFleet(env, chosen)
      const certificates = [...ahead.certificates, ...fleetEnds(fleet)]
      const findings = [
        ...check(facts),
        ...fleetFindings(fleet),
        ...lookAhead({ ...ahead, certificates }),
      ]
      const lines = renderFindings(findings)
      if (flags.json) for (const finding of findings) console.log(JSON.stringify(finding))
      else for (const line of lines) console.log(line)
      if (flags.report !== undefined) {
        const now = utc(env.wall())
        const named = `wandbridge-doctor-${now.slice(0, 19).replaceAll(/[:-]/g, '')}Z.txt`
        const file = flags.report === true ? named : flags.report
        write(file, page(now, [...lines, '', ...renderDevices(devices, hidden)]))
        console.error(`Written to ${file}.`)
      }
      if (findings.some((finding) => finding.level === 'wrong')) process.exitCode = Exit.NOT_SO
    })
}

const MARK = { ok: 'ok', note: 'note', wrong: 'WRONG' } as const

export function renderFindings(findings: readonly Finding[]): string[] {
  const wrong = findings.filter((finding) => finding.level === 'wrong').length
  const sum =
    wrong === 0
      ? 'Nothing is wrong that can be seen from here.'
      : `${wrong === 1 ? 'One thing is' : `${wrong} things are`} wrong.`
  const lines = findings.flatMap(({ level, topic, says, todo }) => [
    ...row(`${MARK[level].padEnd(7)}${topic}`, says),
    ...(todo ? `To do: ${todo}`.split('\n').flatMap((line) => row('', line)) : []),
  ])
  return [...lines, '', sum]
}

/** What somebody files: which computer, when, and what was found. */
function page(now: string, lines: readonly string[]): string {
  const head = [
    'wandbridge doctor',
    '',
    ...row('Made', `${now} by ${userInfo().username} on ${hostname()}`),
    ...row('Program', `wandbridge ${VERSION}, Node ${process.versions.node}`),
    ...row('System', `${type()} ${release()}, ${process.arch}`),
    '',
  ]
  return `${[...head, ...lines].join('\n').trimEnd()}\n`
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    throw new CommandError(
      Exit.USAGE,
      `The report cannot be written: ${(error as Error).message}. Give another file with --report FILE.`,
    )
  }
}

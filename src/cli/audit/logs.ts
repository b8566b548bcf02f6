// Which log a command means: the logs of a state directory, and whether a bridge is writing there.
import { existsSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { listLogs } from '../../audit/log/tail.ts'
import { nodeDisk } from '../../base/disk.ts'
import { ControlConnection } from '../../control/client.ts'
import { defaultStateDir } from '../../host/config.ts'
import { CommandError, Exit } from '../exit.ts'

export interface StateFlags {
  readonly stateDir?: string
  readonly log?: string
}

export interface LogPlace {
  readonly stateDir: string
  /** `<stateDir>/audit/<log id>` */
  readonly dir: string
  readonly log: string
}

const LOG_ID = /^(device|simulator|replay)-[1-9]\d*-[0-9a-f]{8}$/

export const stateDirOf = (flags: StateFlags) => resolve(flags.stateDir ?? defaultStateDir())

/** The logs asked for, oldest first. Throws CommandError when there is none. */
export async function logsOf(flags: StateFlags): Promise<readonly LogPlace[]> {
  return logsIn(stateDirOf(flags), flags.log)
}

export async function logsIn(stateDir: string, only?: string): Promise<readonly LogPlace[]> {
  const audit = join(stateDir, 'audit')
  const names = (await listLogs(nodeDisk, audit)).filter(
    (log) => only === undefined || log === only,
  )
  if (names.length === 0) {
    const what = only === undefined ? 'no audit log' : `no audit log ${only}`
    throw new CommandError(
      Exit.USAGE,
      `There is ${what} in ${audit}. Nothing was checked.\nGive --state-dir with the directory the bridge uses.`,
    )
  }
  return names.map((log) => ({ stateDir, dir: join(audit, log), log }))
}

/** The one log a command needs; with several, the newest, and it says so. */
export async function oneLog(flags: StateFlags): Promise<LogPlace> {
  const all = await logsOf(flags)
  const newest = all.at(-1) as LogPlace
  if (all.length > 1) {
    const others = all.slice(0, -1).map(({ log }) => log)
    console.error(`Of ${newest.log}. Other logs here: ${others.join(', ')} (choose with --log).`)
  }
  return newest
}

/** What a path is: one log, a directory of logs, a state directory; null for a file. */
export async function logsAt(path: string): Promise<readonly LogPlace[] | null> {
  const full = resolve(path)
  if (LOG_ID.test(basename(full))) {
    return [{ stateDir: dirname(dirname(full)), dir: full, log: basename(full) }]
  }
  if ((await listLogs(nodeDisk, full).catch(() => [])).length > 0) return logsIn(dirname(full))
  if (existsSync(join(full, 'audit'))) return logsIn(full)
  return null
}

/** Whether a bridge is writing in this state directory now. */
export async function bridgeRuns(stateDir: string): Promise<boolean> {
  const control = await ControlConnection.open(stateDir)
  control?.close()
  return control !== null
}

// Which log a command means: the logs of a state directory, and whether a bridge is writing there.
import { basename, dirname, join, resolve } from 'node:path'
import { listLogs } from '../../audit/read/files.ts'
import { errorCode, nodeDisk } from '../../base/disk.ts'
import { printable } from '../../model/printable.ts'
import { CommandError, Exit } from '../exit.ts'
import { stateDirOf } from '../options.ts'
import { refusedBySystem } from './kept.ts'

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

export interface Places {
  readonly places: readonly LogPlace[]
  /** One log was named: the others beside it are not looked at. */
  readonly alone: boolean
}

/** The logs asked for, oldest first. Throws CommandError when there is none. */
export async function logsOf(flags: StateFlags): Promise<Places> {
  return logsIn(stateDirOf(flags), flags.log)
}

async function logsIn(stateDir: string, only?: string): Promise<Places> {
  const audit = join(stateDir, 'audit')
  const names = (await listed(audit)).filter((log) => only === undefined || log === only)
  if (names.length === 0) {
    const what = only === undefined ? 'no audit log' : `no audit log ${printable(only)}`
    throw new CommandError(
      Exit.USAGE,
      `There is ${what} in ${printable(audit)}. Nothing was checked.\nGive --state-dir with the directory the bridge uses.`,
    )
  }
  const places = names.map((log) => ({ stateDir, dir: join(audit, log), log }))
  return { places, alone: only !== undefined }
}

/** Names of logs in a directory; none when there is no such directory. */
async function listed(dir: string): Promise<readonly string[]> {
  try {
    return await listLogs(nodeDisk, dir)
  } catch (error) {
    if (errorCode(error) === 'ENOTDIR') return []
    throw refusedBySystem(dir, error)
  }
}

/** The one log a command needs; with several, the newest, and it says so. */
export async function oneLog(flags: StateFlags): Promise<LogPlace> {
  const { places: all } = await logsOf(flags)
  const newest = all.at(-1) as LogPlace
  if (all.length > 1) {
    const others = all.slice(0, -1).map(({ log }) => log)
    console.error(`Of ${newest.log}. Other logs here: ${others.join(', ')} (choose with --log).`)
  }
  return newest
}

/** What a directory is: one log, a directory of logs, a state directory; null = none of these. */
export async function logsAt(path: string): Promise<Places | null> {
  const full = resolve(path)
  if (LOG_ID.test(basename(full))) {
    const place = { stateDir: dirname(dirname(full)), dir: full, log: basename(full) }
    return { places: [place], alone: true }
  }
  if ((await listed(full)).length > 0) return logsIn(dirname(full))
  return (await listed(join(full, 'audit'))).length > 0 ? logsIn(full) : null
}

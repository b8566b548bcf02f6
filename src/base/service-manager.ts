// What systemd is told of a service it started: that it is ready, that it ends, and, in time, that it is not hung.
// Node has no datagram sockets of Unix, so systemd's own library sends. Whoever was not started by systemd loads
// nothing and tells nobody.
import { createRequire } from 'node:module'
import type { Cancel, Env } from './env.ts'

/** Each is an assignment of sd_notify(3), such as `READY=1`. */
export type Notify = (...lines: readonly string[]) => void

/** How often systemd wants to hear that this process lives, in ms (`WatchdogSec=`); null = it does not ask. */
export function watchdogMs(
  { WATCHDOG_USEC, WATCHDOG_PID }: NodeJS.ProcessEnv,
  pid = process.pid,
): number | null {
  const microseconds = Number(WATCHDOG_USEC)
  const ours = WATCHDOG_PID === undefined || WATCHDOG_PID === String(pid)
  return ours && Number.isSafeInteger(microseconds) && microseconds > 0
    ? microseconds / 1_000
    : null
}

/**
 * Says `WATCHDOG=1` four times in each period from now on, from the same loop of events that reads wands: when that
 * loop hangs, nothing is said, and systemd kills the process and starts it anew.
 */
export function beat(env: Env, periodMs: number, notify: Notify): Cancel {
  let cancel: Cancel = () => {}
  const next = () => {
    notify('WATCHDOG=1')
    cancel = env.after(periodMs / 4, next, { background: true })
  }
  next()
  return () => cancel()
}

/** Tells the service manager that started this process; nobody when none did. Throws where its library is missing. */
export function serviceManager(env: Env, environment: NodeJS.ProcessEnv = process.env): Notify {
  if (!environment['NOTIFY_SOCKET']) return () => {}
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi')
  const send = koffi.load('libsystemd.so.0').func('int sd_notify(int unset, const char *state)')
  const notify: Notify = (...lines) => void send(0, lines.join('\n'))
  const period = watchdogMs(environment)
  if (period !== null) beat(env, period, notify)
  return notify
}

// The process of one driver: `node child.js MODULE NAME`, where NAME is a DriverKind that MODULE exports. It has no
// port but the one that the bridge moves bytes for, and ends when the bridge is gone.
import { pathToFileURL } from 'node:url'
import { LINES } from '../../../protocol/framing/line-stream.ts'
import { REPORTS } from '../../../protocol/framing/report-stream.ts'
import { type Env, systemEnv } from '../../base/env.ts'
import { PortError, type PortEvents, type WandPort } from '../../transport/port.ts'
import { type Driver, type DriverKind, newShared } from '../driver.ts'
import type { FromChild, ToChild } from './messages.ts'

const [, , module = '', name = ''] = process.argv
const kind = ((await import(pathToFileURL(module).href)) as Record<string, DriverKind>)[name]
if (!kind || !process.send) throw new Error(`${module} exports no driver ${name}`)

const system = systemEnv()
const say = (message: FromChild) => void process.send?.(message)
const ports = new Map<number, { heard(message: ToChild): void }>()
let driver: Driver | null = null
let made = 0

process.on('disconnect', () => process.exit(0))
process.on('message', (message: ToChild) => {
  if (message.do === 'start') begin(message)
  else if (message.do === 'read') driver?.read(message.port)
  else if (message.do === 'ping') driver && say({ is: 'pong', counters: driver.counters })
  else if (message.do === 'stop') void driver?.stop().then(() => say({ is: 'stopped' }))
  else ports.get(message.id)?.heard(message)
})
say({ is: 'ready' })

function begin({ path, source, policy, liveMs, mono }: Extract<ToChild, { do: 'start' }>): void {
  // Behind the bridge's clock by as long as the message took: what is told is older, never younger.
  const offset = mono - system.monotonic()
  const env: Env = { ...system, monotonic: () => system.monotonic() + offset }
  driver = (kind as DriverKind).create({
    ...{ env, source, policy, shared: newShared() },
    ...(liveMs === undefined ? {} : { liveMs }),
    port: { path, create: () => port(path) },
    event: (event) => say({ is: 'event', event }),
  })
  driver.start()
}

/** A port whose bytes the bridge moves. */
function port(path: string): WandPort {
  made += 1
  const id = made
  let framing = LINES
  let events: PortEvents | null = null
  let settle: ((error: PortError | null) => void) | null = null
  let closed = () => {}
  ports.set(id, {
    heard(message) {
      if (message.do === 'opened') {
        framing = message.framing === 'line' ? LINES : REPORTS
        settle?.(null)
      } else if (message.do === 'data') events?.data(message.bytes)
      else if (message.do === 'closed') closed()
      else if (message.do === 'ended') {
        if (settle) settle(new PortError(message.end, message.message))
        else events?.ended(message.end, message.message)
      }
    },
  })
  return {
    path,
    get framing() {
      return framing
    },
    open: (given) =>
      new Promise((resolve, reject) => {
        settle = (error) => {
          settle = null
          if (error) return reject(error)
          events = given
          resolve()
        }
        say({ is: 'open', id })
      }),
    write: (bytes) => say({ is: 'write', id, bytes }),
    close: () =>
      new Promise((resolve) => {
        closed = () => {
          ports.delete(id)
          resolve()
        }
        say({ is: 'close', id })
      }),
  }
}

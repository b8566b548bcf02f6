// A bridge with its audit log and its control socket: what `serve` and `demo` run, what other commands
// talk to, and what `status` and `watch` are for a moment when no bridge runs.
import { readFileSync } from 'node:fs'
import type { Body } from '../audit/format/record.ts'
import type { Env } from '../base/env.ts'
import { Bridge, type BridgeOptions } from '../bridge/bridge.ts'
import { interrogateOnce } from '../bridge/interrogate.ts'
import { watchLines } from '../bridge/watch.ts'
import type { ControlRequest } from '../control/messages.ts'
import type { ControlClient } from '../control/server.ts'
import { ControlServer } from '../control/server.ts'
import { openWand } from '../drivers/open-wand/driver.ts'
import { RecordFeed } from '../feed/feed.ts'
import type { DestinationConfig } from '../hl7/config.ts'
import { Auditor, type AuditorOptions } from '../recorder/auditor.ts'
import { type CaptureOptions, Captures } from '../recorder/captures.ts'
import { clockState } from '../recorder/time-service.ts'
import { wrongEntries } from '../refill/sheet/entries.ts'
import type { Hl7 } from './hl7-host.ts'
import type { Http, HttpOptions, HttpRooms } from './http-host.ts'

export interface Host {
  readonly bridge: Bridge
  readonly auditor: Auditor
  readonly captures: Captures
  /** Null = it does not listen. */
  readonly http: Http | null
  /** Null = there is no destination. */
  readonly hl7: Hl7 | null
  /**
   * Closes every session (confirmed if the implant answers) and every port, records `why`, and frees
   * the state directory.
   */
  stop(why: string): Promise<void>
}

export interface HostOptions extends Omit<BridgeOptions, 'env' | 'recorder' | 'driver'> {
  readonly audit?: Pick<AuditorOptions, 'keepDays'>
  readonly capture?: Pick<CaptureOptions, 'budgetBytes' | 'keepDays'> & {
    /** From the beginning; otherwise somebody asks for it. */
    readonly on?: boolean
  }
  readonly http?: HttpOptions
  readonly hl7?: {
    readonly destinations: readonly DestinationConfig[]
    log(text: string): void
  }
}

/**
 * Takes `stateDir`, then makes the bridge and starts it; rejects with AlreadyRunning when another
 * one has the directory, before anything else is touched.
 */
export async function startHost(
  env: Env,
  stateDir: string,
  make: () => Promise<HostOptions>,
): Promise<Host> {
  let host: Host | null = null
  const control = await ControlServer.listen(env, stateDir, {
    handle(request, client) {
      if (host) handle(env, host, request, client)
      else client.send({ error: 'The bridge is starting. Ask again.' })
    },
  })
  try {
    host = await hostOf(env, stateDir, await make(), control)
  } catch (error) {
    await control.close()
    throw error
  }
  host.bridge.start()
  return host
}

async function hostOf(
  env: Env,
  stateDir: string,
  { audit = {}, capture = {}, http: listening, hl7: sending, ...options }: HostOptions,
  control: ControlServer,
): Promise<Host> {
  const { CREDENTIALS_DIRECTORY: credentials } = process.env
  const boot = bootName(env)
  const named = [...options.ports, ...(options.finder ? [options.finder] : [])]
  const auditor = new Auditor({
    env,
    stateDir,
    boot,
    clock: clockState(env),
    settings: { ports: named.map((port) => port.path), policy: options.policy },
    ...(credentials !== undefined && { credentials }),
    ...audit,
  })
  const captures = new Captures({
    env,
    stateDir,
    boot,
    ports: options.ports.map((port) => port.path),
    append: (record) => auditor.append(record),
    allowed: () => auditor.captures,
    ...capture,
  })
  const bridge = new Bridge({
    ...options,
    env,
    driver: openWand,
    recorder: auditor,
    tap: (...traffic) => captures.take(...traffic),
  })
  if (capture.on) void captures.start()
  const records = new RecordFeed(env, auditor)
  const rooms = { bridge, auditor, records }
  const hl7 =
    sending && sending.destinations.length > 0 ? await hl7Of(env, stateDir, rooms, sending) : null
  const http = listening ? await httpOf(env, stateDir, { ...rooms, hl7 }, listening) : null
  return {
    bridge,
    auditor,
    captures,
    http,
    hl7,
    async stop(why) {
      await http?.close()
      await hl7?.close()
      await bridge.stop()
      await captures.stop()
      await auditor.close(why)
      await control.close()
    },
  }
}

/** Whoever does not listen does not load what it takes. */
async function httpOf(
  env: Env,
  stateDir: string,
  rooms: HttpRooms,
  options: HttpOptions,
): Promise<Http> {
  try {
    const { startHttp } = await import('./http-host.ts')
    return await startHttp(env, stateDir, rooms, options)
  } catch (error) {
    await rooms.hl7?.close()
    await rooms.bridge.stop()
    await rooms.auditor.close('cannot listen')
    throw error
  }
}

async function hl7Of(
  env: Env,
  stateDir: string,
  rooms: Omit<HttpRooms, 'hl7'>,
  { destinations, log }: NonNullable<HostOptions['hl7']>,
): Promise<Hl7> {
  const { startHl7 } = await import('./hl7-host.ts')
  return startHl7(env, stateDir, rooms, destinations, log)
}

/** This boot of the system and this process, so that monotonic times are compared within one only. */
function bootName(env: Env): string {
  const mark = Buffer.from(env.random(4)).toString('hex')
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot} ${process.pid} ${mark}`
  } catch {
    return `unknown ${process.pid} ${mark}`
  }
}

function handle(env: Env, host: Host, request: ControlRequest, client: ControlClient): void {
  const { bridge, auditor, captures } = host
  switch (request.do) {
    case 'status':
      client.send(bridge.status())
      return
    case 'watch': {
      const subscription = watchLines(bridge).subscribe((line) => client.send(line))
      client.onLeave(() => subscription.unsubscribe())
      return
    }
    case 'interrogate': {
      const ports = request.port === undefined ? bridge.ports : [request.port]
      for (const port of ports) {
        if (!bridge.ports.includes(port)) {
          const why = `The bridge that runs with this state directory does not have ${port}. Start it with that port, too, or give another --state-dir.`
          client.send({ outcome: { kind: 'no-wand', why } })
          continue
        }
        void interrogateOnce(env, bridge, port, request.readMs).then((outcome) =>
          client.send({ outcome }),
        )
      }
      return
    }
    case 'open':
      client.send(
        host.http
          ? { link: host.http.openLink() }
          : { error: 'This bridge does not listen for HTTP. Start it with --listen.' },
      )
      return
    case 'hl7':
      if (!host.hl7)
        client.send({ error: 'This bridge has no HL7 destination in its configuration.' })
      else if (request.what === 'status') client.send({ destinations: host.hl7.status() })
      else client.send({ resent: host.hl7.resend(request.destination) })
      return
    case 'worksheet':
      void worksheet(auditor, request).then((answer) => client.send(answer))
      return
    case 'capture':
      void capture(captures, request.what, client)
      return
    case 'audit': {
      const { reason, actor } = request
      const done =
        request.what === 'accept' ? auditor.accept(reason, actor) : auditor.rotateKey(reason, actor)
      done.then(
        (names) => client.send({ done: names }),
        (error: Error) => client.send({ error: error.message }),
      )
      return
    }
  }
}

/** Appends one step of a worksheet, if it is what a worksheet writes. */
async function worksheet(
  auditor: Auditor,
  request: Extract<ControlRequest, { do: 'worksheet' }>,
): Promise<object> {
  const { source, pump, patient, sheet, step, entries, corrects, actor } = request
  const wrong = wrongEntries(step, entries)
  if (wrong !== null) return { error: `This is no step of a worksheet: ${wrong}.` }
  const body = { sheet, step, entries: entries as Body<'worksheet'>['entries'] }
  const written = await auditor.append(
    {
      kind: 'worksheet',
      action: corrects === undefined ? 'C' : 'U',
      actor,
      pump,
      ...(patient !== undefined && { patient }),
      ...(corrects !== undefined && { refs: { corrects } }),
      body,
    },
    source,
  )
  return written ? { written } : { error: auditor.status(source).sentence }
}

async function capture(
  captures: Captures,
  what: 'start' | 'stop',
  client: ControlClient,
): Promise<void> {
  if (what === 'stop') client.send({ done: await captures.stop() })
  else if (captures.on) client.send({ error: `A capture is running already, in ${captures.dir}.` })
  else if (await captures.start()) {
    client.onLeave(() => void captures.stop())
    client.send({ capturing: true })
  } else {
    client.send({ error: 'The disk has no room for a capture. Readings are not affected.' })
  }
}

// The kit on a simulated wand in virtual time, with whatever breaks the wand put between the two.
import { CHECKS } from '../../conformance/checks/index.ts'
import type { Connection, Heard, ModemLines, Port } from '../../conformance/ports/port.ts'
import { type Report, run } from '../../conformance/run.ts'
import type { Pdu } from '../../protocol/codec/pdu.ts'
import { encodePdu, wholePdu } from '../../protocol/codec/pdu.ts'
import { type Simulator, type SimulatorOptions, startSimulator } from '../../simulator/index.ts'
import type { WandPath } from '../../simulator/ports/path.ts'
import { VirtualEnv } from '../../src/base/env.ts'

/** One way to break a wand: it changes what goes into it, or what comes out. */
export interface Breakage {
  /** Bytes on their way to the wand. */
  inward?(bytes: Uint8Array): Uint8Array
  /** A request, before the wand gets it; null = it never does. A PDU here is answered in its place. */
  request?(pdu: Pdu, wand: Between): Pdu | null
  /** A reply, before its frames are made; null = it never comes. */
  reply?(pdu: Pdu, request: Pdu, wand: Between): Pdu | readonly Pdu[] | null
  /** The bytes of a reply's PDU, before its frames are made. */
  raw?(bytes: Uint8Array, pdu: Pdu): Uint8Array
  /** A frame on its way to the host. */
  frame?(frame: Uint8Array, pdu: Pdu): Uint8Array | readonly Uint8Array[]
  /** So long is a reply held back, in ms. */
  late?(pdu: Pdu): number
  opened?(wand: Between): void
  /** Lines of the serial port were set. */
  lines?(set: ModemLines): void
}

/** What a breakage can do by itself. */
export interface Between {
  readonly env: VirtualEnv
  readonly simulator: Simulator
  /** Sends a PDU to the host. */
  tell(pdu: Pdu): void
  /** What the breakage remembers. */
  readonly memory: Record<string, number | Uint8Array | Pdu>
}

export interface Tried {
  readonly noImplant?: boolean
  readonly framing?: 'line' | 'report'
  readonly simulator?: SimulatorOptions
  readonly breakage?: Breakage
  readonly seesOpenings?: boolean
  /** Hears every byte that the kit sends. */
  sent?(bytes: Uint8Array): void
  readonly lifted?: boolean
}

const MINUTE = 60_000

/** Runs the whole kit, and gives its report. */
export async function tried(how: Tried = {}): Promise<Report> {
  const env = new VirtualEnv({ seed: 7 })
  const simulator = await startSimulator({ seed: 7, env, ...how.simulator })
  const lifted = how.lifted ?? how.noImplant ?? false
  if (lifted) await simulator.command({ do: 'lift' })
  await env.advance(1_000)
  const path = simulator.wands[0]?.paths[how.framing ?? 'line'] as WandPath
  const port = broken(path, env, simulator, how.breakage ?? {}, how.sent)
  let report: Report | null = null
  let failed: unknown = null
  run({
    ...{ port, clock: env, noImplant: how.noImplant ?? false, slackMs: 5, checks: CHECKS },
    seesOpenings: how.seesOpenings ?? true,
  }).then(
    (done) => {
      report = done
    },
    (error: unknown) => {
      failed = error
    },
  )
  await env.until(() => report !== null || failed !== null, 20 * MINUTE, 250)
  await simulator.stop()
  if (failed !== null) throw failed
  if (report === null) throw new Error('the kit did not end')
  return report
}

/** What failed and what was not run for it, by number. */
export function outcome(report: Report): { failed: number[]; notRun: Record<number, string> } {
  const of = (result: string) => report.results.filter((one) => one.result === result)
  return {
    failed: of('failed').map(({ check }) => check.number),
    notRun: Object.fromEntries(of('not-run').map(({ check, why }) => [check.number, why ?? ''])),
  }
}

function broken(
  path: WandPath,
  env: VirtualEnv,
  simulator: Simulator,
  breakage: Breakage,
  sent: (bytes: Uint8Array) => void = () => {},
): Port {
  const { framing } = path
  const memory: Between['memory'] = {}
  return {
    path: 'simulated',
    framing,
    async open(heard: Heard): Promise<Connection> {
      const toHost = framing.encoder()
      const toWand = framing.encoder()
      let open = true
      let newest: Pdu | null = null
      const put = (pdu: Pdu) => {
        const send = () => {
          if (!open) return
          const raw = encodePdu(pdu)
          for (const frame of toHost(breakage.raw?.(raw, pdu) ?? raw)) {
            const frames = breakage.frame?.(frame, pdu) ?? frame
            for (const one of frames instanceof Uint8Array ? [frames] : frames) heard.data(one)
          }
        }
        const late = breakage.late?.(pdu) ?? 0
        if (late > 0) env.after(late, send)
        else send()
      }
      const wand: Between = { env, simulator, tell: put, memory }
      const back = framing.decoder({
        pdu(header, raw) {
          const pdu = wholePdu(header, raw)
          const changed = breakage.reply ? breakage.reply(pdu, newest ?? pdu, wand) : pdu
          for (const one of Array.isArray(changed) ? changed : [changed]) if (one) put(one)
        },
        discarded: () => {},
      })
      const held = path.hold({
        data: (bytes) => back.push(bytes),
        unplugged: () => heard.gone('it was unplugged'),
      })
      if (!held) throw new Error('unplugged')
      // Requests are read only where the breakage wants them; what is damaged goes on as it is.
      const forth = framing.decoder({
        pdu(header, raw) {
          const pdu = wholePdu(header, raw)
          newest = pdu
          const changed = breakage.request?.(pdu, wand)
          if (changed === undefined) for (const frame of toWand(raw)) held.write(frame)
          else if (changed) for (const frame of toWand(encodePdu(changed))) held.write(frame)
        },
        discarded: (_, bytes) => held.write(bytes),
      })
      breakage.opened?.(wand)
      return {
        write(bytes) {
          sent(bytes)
          const inward = breakage.inward?.(bytes) ?? bytes
          if (breakage.request || breakage.reply) forth.push(inward)
          else if (inward.length > 0) held.write(inward)
        },
        lines: async (set) => {
          breakage.lines?.(set)
          return true
        },
        async close() {
          open = false
          held.release()
        },
      }
    },
  }
}

// What a running bridge answers on its control socket, one handler a request. It reads, appends to the log
// and asks for interrogations; nothing here can do more to a wand than that.
import type { Body } from '../audit/format/record.ts'
import type { Env } from '../base/env.ts'
import { interrogateOnce } from '../bridge/interrogate.ts'
import { watchLines } from '../bridge/watch.ts'
import type { Args, Reply } from '../control/messages.ts'
import type { Handlers } from '../control/server.ts'
import type { Auditor } from '../recorder/auditor.ts'
import { wrongEntries } from '../refill/sheet/entries.ts'
import type { Host } from './host.ts'

export function controlHandlers(env: Env, host: Host): Handlers {
  const { bridge, auditor, captures } = host
  const hl7 = () => {
    if (host.hl7) return host.hl7
    throw new Error('This bridge has no HL7 destination in its configuration.')
  }
  const interrogate = async (port: string, readMs: number) => {
    if (bridge.ports.includes(port)) {
      return { port, outcome: await interrogateOnce(env, bridge, port, readMs) }
    }
    const why = `The bridge that runs with this state directory does not have ${port}. Start it with that port, too, or give another --state-dir.`
    return { port, outcome: { kind: 'no-wand' as const, why } }
  }
  return {
    status: () => bridge.status(),
    watch: (_, { send, onLeave }) => {
      const subscription = watchLines(bridge).subscribe(send)
      onLeave(() => subscription.unsubscribe())
    },
    interrogate: ({ ports = bridge.ports, readMs }) =>
      Promise.all(ports.map((port) => interrogate(port, readMs))),
    open: () => {
      if (host.http) return host.http.openLink()
      throw new Error('This bridge does not listen for HTTP. Start it with --listen.')
    },
    hl7: () => hl7().status(),
    'hl7-resend': ({ destination }) => hl7().resend(destination),
    worksheet: (step) => worksheet(auditor, step),
    capture: async (_, { send, onLeave }) => {
      if (captures.on) throw new Error(`A capture is running already, in ${captures.dir}.`)
      if (!(await captures.start())) {
        throw new Error('The disk has no room for a capture. Readings are not affected.')
      }
      onLeave(() => void captures.stop())
      send({})
    },
    'capture-stop': () => captures.stop(),
    'audit-accept': ({ reason, actor }) => auditor.accept(reason, actor),
    'audit-read': async (access) => {
      if (!(await auditor.read(access))) throw new Error(auditor.status.sentence)
      return {}
    },
    'audit-rotate': ({ reason, actor }) => auditor.rotateKey(reason, actor),
  }
}

/** Appends one step of a worksheet, if it is what a worksheet writes. */
async function worksheet(
  auditor: Auditor,
  { pump, model, patient, sheet, step, entries, signed, corrects, actor }: Args<'worksheet'>,
): Promise<Reply<'worksheet'>> {
  const wrong = wrongEntries(step, entries)
  if (wrong !== null) throw new Error(`This is no step of a worksheet: ${wrong}.`)
  const written = await auditor.append({
    kind: 'worksheet',
    action: corrects === undefined ? 'C' : 'U',
    actor,
    pump,
    model,
    ...(patient !== undefined && { patient }),
    ...(corrects !== undefined && { refs: { corrects } }),
    body: { sheet, step, entries: entries as Body<'worksheet'>['entries'], signed },
  })
  if (!written) throw new Error(auditor.status.sentence)
  return written
}

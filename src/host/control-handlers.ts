// What a running bridge answers on its control socket, one handler a request. It reads, appends to the log
// and asks for interrogations; nothing here can do more to a wand than that.
import type { Body } from '../audit/format/record.ts'
import type { Args, Reply } from '../control/messages.ts'
import type { Handlers } from '../control/server.ts'
import { statement } from '../model/statement.ts'
import { wrongEntries } from '../refill/sheet/entries.ts'
import { auditSentence, statusTold } from '../words/told.ts'
import type { Host } from './host.ts'
import { outcomeTold } from './telling.ts'

export function controlHandlers(host: Host): Handlers {
  const { bridge, auditor, captures } = host
  const delivery = () => {
    if (host.delivery) return host.delivery
    throw new Error('This bridge has no destination in its configuration.')
  }
  const interrogate = async (port: string, readMs: number) => {
    if (bridge.ports.includes(port)) {
      return { port, outcome: await host.interrogate(port, readMs) }
    }
    const why = [statement('outcome.no-such-port', { port })]
    return { port, outcome: outcomeTold(host.words, { kind: 'no-wand', why }) }
  }
  return {
    status: () => statusTold(host.words, bridge.status()),
    watch: (_, { send, onLeave }) => {
      const subscription = host.watch().subscribe(send)
      onLeave(() => subscription.unsubscribe())
    },
    interrogate: ({ ports = bridge.ports, readMs }) =>
      Promise.all(ports.map((port) => interrogate(port, readMs))),
    open: () => {
      if (host.http) return host.http.openLink()
      throw new Error('This bridge does not listen for HTTP. Start it with --listen.')
    },
    delivery: () => {
      const all = host.destinations()
      if (all.length === 0) delivery()
      return all
    },
    counters: () =>
      host
        .counters()
        .flatMap(({ name, values }) =>
          values.map(({ labels = {}, value }) => ({ name, labels, value })),
        ),
    'delivery-resend': ({ destination }) => delivery().resend(destination),
    worksheet: (step) => worksheet(host, step),
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
    operator: async ({ name, change, actor }) => {
      if (!(await auditor.operator({ name, change }, actor)))
        throw new Error(auditSentence(host.words, auditor.status))
      return {}
    },
    'audit-read': async (access) => {
      if (!(await auditor.read(access))) throw new Error(auditSentence(host.words, auditor.status))
      return {}
    },
    reload: () => host.reload(),
    'audit-rotate': ({ reason, actor }) => auditor.rotateKey(reason, actor),
  }
}

/** Appends one step of a worksheet, if it is what a worksheet writes. */
async function worksheet(
  { auditor, words }: Host,
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
  if (!written) throw new Error(auditSentence(words, auditor.status))
  return written
}

// What a running bridge answers on its control socket, one handler a request. It reads, appends to the log
// and asks for interrogations; nothing here can do more to a wand than that.
import type { Body } from '../audit/format/record.ts'
import type { Env } from '../base/env.ts'
import { interrogateOnce } from '../bridge/interrogate.ts'
import { watchLines } from '../bridge/watch.ts'
import type { ControlRequest } from '../control/messages.ts'
import type { ControlClient } from '../control/server.ts'
import { statement } from '../model/statement.ts'
import type { Captures } from '../recorder/captures.ts'
import { wrongEntries } from '../refill/sheet/entries.ts'
import { auditSentence, destinationTold, statusTold } from '../words/told.ts'
import type { Host } from './host.ts'
import { lineTold, outcomeTold } from './telling.ts'

export function handle(env: Env, host: Host, request: ControlRequest, client: ControlClient): void {
  const { bridge, auditor, captures, words } = host
  switch (request.do) {
    case 'status':
      client.send(statusTold(words, bridge.status()))
      return
    case 'watch': {
      const subscription = watchLines(bridge).subscribe((line) =>
        client.send(lineTold(words, line)),
      )
      client.onLeave(() => subscription.unsubscribe())
      return
    }
    case 'interrogate': {
      const ports = request.port === undefined ? bridge.ports : [request.port]
      for (const port of ports) {
        if (!bridge.ports.includes(port)) {
          const why = [statement('outcome.no-such-port', { port })]
          client.send({ outcome: outcomeTold(words, { kind: 'no-wand', why }) })
          continue
        }
        void interrogateOnce(env, bridge, port, request.readMs).then((outcome) =>
          client.send({ outcome: outcomeTold(words, outcome) }),
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
      else if (request.what === 'status') {
        const destinations = host.hl7.status().map((one) => destinationTold(words, one))
        client.send({ destinations })
      } else client.send({ resent: host.hl7.resend(request.destination) })
      return
    case 'worksheet':
      void worksheet(host, request).then((answer) => client.send(answer))
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
  { auditor, words }: Host,
  request: Extract<ControlRequest, { do: 'worksheet' }>,
): Promise<object> {
  const { pump, model, patient, sheet, step, entries, corrects, actor } = request
  const wrong = wrongEntries(step, entries)
  if (wrong !== null) return { error: `This is no step of a worksheet: ${wrong}.` }
  const body = { sheet, step, entries: entries as Body<'worksheet'>['entries'] }
  const written = await auditor.append({
    kind: 'worksheet',
    action: corrects === undefined ? 'C' : 'U',
    actor,
    pump,
    model,
    ...(patient !== undefined && { patient }),
    ...(corrects !== undefined && { refs: { corrects } }),
    body,
  })
  return written ? { written } : { error: auditSentence(words, auditor.status) }
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

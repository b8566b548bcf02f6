// A destination of the configuration as the outbox takes it: PCD-01 and PCD-04 over MLLP.
import type { Env } from '../base/env.ts'
import { dialer, isSecure } from '../delivery/line.ts'
import { type Contradictions, lookedUp, type Sender } from '../delivery/sender.ts'
import { Wire } from '../delivery/wire.ts'
import type { Codings } from '../model/codings.ts'
import { type DestinationConfig, profileOf } from './config.ts'
import { controlId } from './heading.ts'
import { correction, isSendable, messageOf } from './messages.ts'
import { parseAck } from './text.ts'

/** `codings`: of the clinic, beside ours. */
export function hl7Sender(
  env: Env,
  config: DestinationConfig,
  contradictions: Contradictions,
  codings?: Codings,
): Sender {
  const profile = profileOf(config, codings)
  return {
    kind: 'hl7',
    address: `${isSecure(config) ? 'tls' : 'tcp'}://${config.host}:${config.port}`,
    kinds: [
      'interrogation',
      'session',
      ...(config.alarms ? (['alarm'] as const) : []),
      ...(config.events ? (['pump-events'] as const) : []),
    ],
    messageOf(record) {
      const one = record.api()
      if (one?.kind === 'session' && one.event === 'contradicted' && one.pump) {
        const read = () => contradictions.reading(record)
        return lookedUp(controlId(one), read, (reading) => correction(reading, one, profile))
      }
      if (!one || !isSendable(one)) return null
      const control = controlId(one)
      if (one.kind !== 'interrogation') return { control, text: () => messageOf(one, profile) }
      // It may be sent late, and even after its correction: it must not take that back.
      return lookedUp(
        control,
        () => contradictions.of(record),
        (said) => messageOf(said ? { ...one, contradicted: true } : one, profile),
      )
    },
    link: (events) => new Wire(dialer(env, config), parseAck, events),
  }
}

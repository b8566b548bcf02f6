// Our own ways from bytes to readings: the product's code and nothing else.
import { type parse, parsePayload } from '../../protocol/codec/struct.ts'
import { judge, type ScalarField } from '../../protocol/fields/field.ts'
import type { Framing } from '../../protocol/framing/framing.ts'
import { LINES } from '../../protocol/framing/line-stream.ts'
import { REPORTS } from '../../protocol/framing/report-stream.ts'
import { Live } from '../../protocol/messages/live.ts'
import { toValues } from '../../src/model/value.ts'
import type { Path } from './floors.ts'

const LIVE = Live.reply
const AT = { deviceTime: '2026-11-24T14:02:11', receivedAt: '2026-11-24T14:02:11.000Z' }

type LiveReading = NonNullable<ReturnType<typeof parse<typeof LIVE>>>

function path(framing: Framing, made: (live: LiveReading) => object | null): Path {
  return (read) => {
    const decoder = framing.decoder({
      pdu(header, raw) {
        const live = header.type === Live.type ? parsePayload(LIVE, raw) : null
        const reading = live && made(live)
        if (reading) read(reading)
      },
      discarded(reason) {
        throw new Error(`bytes were refused: ${reason}`)
      },
    })
    return (bytes) => decoder.push(bytes)
  }
}

/** As the protocol types it; null when a field is not to be believed. */
function judged(live: LiveReading): object | null {
  const said = live as Readonly<Record<string, number | string | null>>
  for (const { name, field } of LIVE.layout) {
    if (judge(field as ScalarField, said[name] ?? null) === 'invalid') return null
  }
  return live
}

export const ourLines = path(LINES, judged)
export const ourReports = path(REPORTS, judged)
/** As every surface shows it: each with its unit, times and quality. */
export const ourValues = path(LINES, (live) => toValues(LIVE, live, AT))

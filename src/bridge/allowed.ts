// What stands between a driver and its port. A driver gets its port from here and no other: each write must be one
// frame of its own list, whole. What is not on the list never reaches the port; the port is closed, told of once,
// and stays closed as long as this bridge runs, because a driver that tries once is a driver with a defect.
//
// It promises: the bytes that are judged are the bytes that are sent; a list that is changed afterwards, a pattern
// that is not anchored or remembers where it was, another port of the same source or a write after an error
// change nothing of that.
import type { Sendable } from '../drivers/driver.ts'
import { PortError, type PortEvents, type PortSource, type WandPort } from '../transport/port.ts'

/** What a driver tried to send. */
export interface Stopped {
  readonly bytes: number
  /** The first of them, in hexadecimal digits. */
  readonly hex: string
}

/** Of what was stopped, so many bytes are told. */
const TOLD = 32

const SENTENCE =
  'What reads this wand tried to send what is not on its list of read requests. Nothing of it was sent, and this port stays closed until the program is started again. Report this.'

/** The source, with a port that lets through what `sends` lists. `stopped` is called at most once. */
export function allowed(
  source: PortSource,
  sends: readonly Sendable[],
  stopped: (what: Stopped) => void,
): PortSource {
  // Whole texts, and without the flags by which a pattern remembers or takes lines one by one.
  const patterns = sends.map(
    ({ pattern: { source: text, flags } }) =>
      new RegExp(`^(?:${text})$`, flags.replace(/[gmy]/g, '')),
  )
  const open = new Set<() => void>()
  let shut = false

  const refuse = (bytes: Uint8Array) => {
    if (shut) return
    shut = true
    stopped({ bytes: bytes.length, hex: Buffer.from(bytes.subarray(0, TOLD)).toString('hex') })
    for (const end of [...open]) end()
  }

  return {
    path: source.path,
    create(): WandPort {
      const port = source.create()
      let events: PortEvents | null = null
      let ended = false
      const end: PortEvents['ended'] = (how, message) => {
        if (ended || events === null) return
        ended = true
        open.delete(close)
        events.ended(how, message)
      }
      const close = () => {
        end('denied', SENTENCE)
        void port.close()
      }
      return {
        path: port.path,
        get framing() {
          return port.framing
        },
        async open(given) {
          if (shut) throw new PortError('denied', SENTENCE)
          await port.open({
            data: (bytes) => {
              if (!ended) given.data(bytes)
            },
            ended: end,
          })
          events = given
          open.add(close)
          // Another port of this source was stopped while this one was being opened.
          if (shut) close()
        },
        write(given) {
          // A copy: nobody can change it between the judgement and the port.
          const bytes = new Uint8Array(given)
          const text = Buffer.from(bytes).toString('latin1')
          if (!patterns.some((pattern) => pattern.test(text))) refuse(bytes)
          else if (!shut && !ended && events !== null) port.write(bytes)
        },
        close: () => port.close(),
      }
    },
  }
}

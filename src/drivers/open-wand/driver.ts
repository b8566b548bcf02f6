// The driver of wands that speak the open protocol: the link to one wand, with an interpreter that turns
// what the link tells into events of the model.

import { BLOCKS } from '../../../protocol/fields/blocks.ts'
import type { Driver, DriverKind } from '../driver.ts'
import { decoder } from './decoder.ts'
import { Interpreter } from './interpret.ts'
import { Link } from './link.ts'
import { Overheard } from './overhear.ts'
import { SENDS } from './sends.ts'
import { TIMING } from './timing.ts'

export const openWand: DriverKind = {
  name: 'open-wand',
  fingerprints: [
    'a HID interface of usage page 0xFF00 and usage 1',
    'any serial port, or a TCP device server, that somebody names',
  ],
  framing: 'lines, or HID reports, of PDUs with a CRC-32 (protocol/README.md §4–§6)',
  can: {
    blocks: Object.keys(BLOCKS) as (keyof typeof BLOCKS)[],
    ...{ session: true, live: true, severalOnPort: false },
  },
  confirms: 'OPEN, LIVE and the end of a snapshot are answered only when the implant has (§10.2)',
  decoder,
  sends: SENDS,
  quietMs: TIMING.wandLostMs,

  overhear: (options) => new Overheard(options),
  create({ env, port, source, policy, liveMs, shared, event }): Driver {
    const interpreter = new Interpreter(port.path, source, shared, liveMs)
    return new Link({
      env,
      port,
      source,
      policy,
      ...(liveMs === undefined ? {} : { liveMs }),
      sink: {
        news: (news, { link, at }) => {
          for (const one of interpreter.interpret(news, link, at)) event(one)
        },
        discarded: (reason, refused, { link, at }) =>
          event(interpreter.refused(reason, refused, link, at)),
      },
    })
  },
}

// The driver of wands that speak the open protocol: the link to one wand, with an interpreter that turns
// what the link tells into events of the model.
import type { Driver, DriverKind } from '../driver.ts'
import { Interpreter } from './interpret.ts'
import { Link } from './link.ts'
import { SENDS } from './sends.ts'
import { TIMING } from './timing.ts'

export const openWand: DriverKind = {
  name: 'open-wand',
  sends: SENDS,
  quietMs: TIMING.wandLostMs,

  create({ env, port, source, policy, liveMs, shared, event, tap }): Driver {
    const interpreter = new Interpreter(port.path, source, shared, liveMs)
    return new Link({
      env,
      port,
      source,
      policy,
      ...(liveMs === undefined ? {} : { liveMs }),
      sink: {
        ...(tap && {
          received: (bytes, at) => tap('in', bytes, at),
          sent: (bytes, at) => tap('out', bytes, at),
        }),
        news: (news, { link, at }) => {
          for (const one of interpreter.interpret(news, link, at)) event(one)
        },
        discarded: (reason, sum, { link, at }) => event(interpreter.refused(reason, sum, link, at)),
      },
    })
  },
}

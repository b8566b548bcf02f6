// A port with somebody who sees all that happens at it, as the port gives or takes it. What is not let through to
// the port is not seen.
import { endOf, type PortFact, type PortSource, type WandPort } from '../transport/port.ts'

export function tapped(source: PortSource, tap: (fact: PortFact) => void): PortSource {
  return {
    path: source.path,
    create(): WandPort {
      const port = source.create()
      return {
        path: port.path,
        get framing() {
          return port.framing
        },
        async open({ data, ended }) {
          tap({ kind: 'opening' })
          try {
            await port.open({
              data(bytes) {
                tap({ kind: 'in', bytes })
                data(bytes)
              },
              ended(how, text) {
                tap({ kind: 'ended', how, text })
                ended(how, text)
              },
            })
          } catch (error) {
            tap({ kind: 'ended', ...endOf(error) })
            throw error
          }
          tap({ kind: 'opened', framing: port.framing.name })
        },
        write(bytes) {
          tap({ kind: 'out', bytes })
          port.write(bytes)
        },
        close: () => port.close(),
      }
    },
  }
}

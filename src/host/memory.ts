// What the log knows, in the form in which the bridge asks for it.
import type { BridgeMemory } from '../bridge/bridge.ts'
import type { Knowledge } from '../knowledge/knowledge.ts'
import type { UnclosedView } from '../knowledge/views.ts'
import type { UnclosedSession } from '../model/event.ts'
import { statement } from '../model/statement.ts'
import type { RecalledPump } from '../status/recalled.ts'

export function memoryOf(knowledge: Knowledge): BridgeMemory {
  let position: number | null = null
  let pumps: readonly RecalledPump[] = []
  let unclosed: readonly UnclosedSession[] = []
  /** Made again when the log has grown: the status is asked for many times between two records. */
  const refresh = () => {
    if (knowledge.state.position === position) return
    position = knowledge.state.position
    pumps = knowledge.pumps().flatMap(({ id, serial, model, firmware, reading, ...rest }) => {
      const { live, closeConfirmed } = rest
      const identity = { id, serial, model, firmware }
      return reading === null ? [] : [{ identity, reading, live, closeConfirmed }]
    })
    unclosed = knowledge.unclosed().map(unclosedTold)
  }
  return {
    pumps() {
      refresh()
      return pumps
    },
    unclosed() {
      refresh()
      return unclosed
    },
    alarmHistory: (pump) => knowledge.alarmHistory(pump),
  }
}

export function unclosedTold({ why, session, serial, opened }: UnclosedView): UnclosedSession {
  const said = statement('unclosed.remembered', { pump: serial, openedAt: opened.at })
  return { why, session, pump: serial, ...said }
}

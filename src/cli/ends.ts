// How a command ends: its exit code and what it says of each session, by how the session ended and by the
// signal, in one table. No command ends well while a session is not known to be closed.
import type { Statement } from '../model/statement.ts'
import type { Coded, WandStatus } from '../model/status.ts'
import { sentence, type Words } from '../words/words.ts'
import { Exit, type ExitCode, type Signal } from './exit.ts'

/** What each command that holds sessions asks for itself: at its own end, and when it is interrupted. */
const COMMANDS = {
  // Interrupted it has shown nothing.
  status: { done: Exit.OK, interrupted: Exit.NOT_READ },
  watch: { done: Exit.OK, interrupted: Exit.OK },
  serve: { done: Exit.OK, interrupted: Exit.OK },
  demo: { done: Exit.OK, interrupted: Exit.OK },
  refill: { done: Exit.OK, interrupted: Exit.OK },
} as const
export type Holder = keyof typeof COMMANDS

/** How it stands with the session of a wand when a command ends. */
const STANDS = {
  none: { closed: true, says: null },
  confirmed: { closed: true, says: 'session.confirmed' },
  /** Ended by the wand, which says that the implant confirmed it. */
  'let-go': { closed: true, says: 'session.ended-by-wand' },
  unconfirmed: { closed: false, says: 'session.unconfirmed' },
  lost: { closed: false, says: 'session.lost' },
  'ended-by-wand': { closed: false, says: 'session.ended-by-wand' },
  /** Of an earlier command or another computer: the wand or the log says so. */
  reported: { closed: false, says: null },
} as const
export type Stand = keyof typeof STANDS

const SIGNALS = ['none', 'SIGINT', 'SIGTERM', 'SIGHUP'] as const satisfies readonly (
  | Signal
  | 'none'
)[]

export interface End {
  readonly command: Holder
  readonly stand: Stand
  readonly signal: Signal | 'none'
  readonly code: ExitCode
  /** Null = there was no session, or the wand's own words say it. */
  readonly says: Statement | null
}

export const ENDS: readonly End[] = (Object.keys(COMMANDS) as Holder[]).flatMap((command) =>
  (Object.keys(STANDS) as Stand[]).flatMap((stand) =>
    SIGNALS.map((signal): End => {
      const { closed, says } = STANDS[stand]
      const own = COMMANDS[command][signal === 'none' ? 'done' : 'interrupted']
      const code = closed ? own : Exit.NOT_READ
      return { command, stand, signal, code, says: says && { code: says, args: {} } }
    }),
  ),
)

type Wand = Pick<Coded<WandStatus>, 'session' | 'unclosed'>

export function standOf({ session, unclosed }: Wand): Stand {
  const said = session.code.replace(/^session\./, '')
  if (unclosed.length === 0) {
    if (said === 'ended-by-wand') return 'let-go'
    return session.closeConfirmed === true ? 'confirmed' : 'none'
  }
  const own = said === 'unconfirmed' || said === 'lost' || said === 'ended-by-wand'
  return own ? said : 'reported'
}

/** What a command says and ends with, given how its wands stand at the end. */
export function endOf(
  command: Holder,
  wands: readonly Wand[],
  signal: Signal | 'none',
  words: Words,
): { readonly code: ExitCode; readonly lines: readonly string[] } {
  const rowOf = (stand: Stand) =>
    ENDS.find(
      (row) => row.command === command && row.stand === stand && row.signal === signal,
    ) as End
  const rows = wands.length === 0 ? [rowOf('none')] : wands.map((wand) => rowOf(standOf(wand)))
  const own = rows.flatMap(({ says }) => (says ? [sentence(words, says)] : []))
  const left = wands.flatMap(({ unclosed }) =>
    unclosed.map((one) => `${one.pump === null ? '' : `${one.pump}: `}${sentence(words, one)}`),
  )
  return {
    code: Math.max(...rows.map(({ code }) => code)) as ExitCode,
    lines: [...new Set([...own, ...left])],
  }
}

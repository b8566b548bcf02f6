// Sessions with pumps of which no confirmed close is known. Pure, over records in their order.
//
// A session is remembered with its pump until that pump has confirmed the end of a session: nothing that
// is read of another pump makes it forgotten, nor does a bridge that begins anew. The wand can also say
// later that its newest session has ended confirmed; a bridge then tells a list without it.
import type { Known, LogRecord, PumpKnown, RecordOf, SessionKnown } from './known.ts'

/** The end of the session is not in the log: the bridge was killed, or lost the record. */
export const NOT_ENDED = 'not-ended'

const keyOf = ({ wand, port, session }: Pick<SessionKnown, 'wand' | 'port' | 'session'>) =>
  `${wand ?? port} ${session}`

const ownerOf = ({ wand, port, session }: LogRecord) => ({
  wand: wand ?? null,
  port: port ?? null,
  session: session ?? 0,
})

export function onSession(
  known: Known,
  record: RecordOf<'session'>,
  pump: PumpKnown,
  position: number,
): void {
  const { event, how } = record.body
  const owner = ownerOf(record)
  const opened = { position, at: record.at }
  const { id, serial, model } = pump
  const own = () => {
    const found = known.sessions.find((one) => keyOf(one) === keyOf(owner))
    if (found) return Object.assign(found, { pump: id, serial, model })
    const made: SessionKnown = { pump: id, serial, model, ...owner, opened, why: null }
    known.sessions.push(made)
    return made
  }
  if (event === 'opened') {
    // A port carries one session: the record of an earlier one's end was lost.
    lost(known, owner.port)
    own().why = null
    if (owner.wand !== null) {
      known.newest[owner.wand] = Math.max(known.newest[owner.wand] ?? 0, owner.session)
    }
  } else if (event === 'ended' && how === 'confirmed') {
    known.sessions = known.sessions.filter((one) => !closedBy(one, pump, owner.wand))
  } else if (event === 'ended') {
    const session = own()
    session.why = how ?? NOT_ENDED
    supersede(known, session)
  }
}

/** The pump has left telemetry mode. A session whose pump is not known can be told by its wand alone. */
function closedBy(one: SessionKnown, pump: PumpKnown, wand: string | null): boolean {
  if (one.pump !== null) return one.pump === pump.id
  return one.serial !== null ? one.serial === pump.serial : one.wand === wand
}

/** A later session of the same pump takes the earlier's place; of an unknown pump, of the same wand. */
function supersede(known: Known, session: SessionKnown): void {
  known.sessions = known.sessions.filter((one) => {
    if (one === session || one.why === null) return true
    if (session.pump !== null) return one.pump !== session.pump
    if (session.serial !== null) return one.serial !== session.serial
    return one.pump !== null || one.serial !== null || one.wand !== session.wand
  })
}

/** The list of one bridge's port, whole: it knows of its own time, and of nothing before. */
export function onUnclosed(known: Known, record: RecordOf<'unclosed'>, position: number): void {
  const { sessions } = record.body
  const { wand, port } = ownerOf(record)
  const opened = { position, at: record.at }
  const listed = sessions.map(({ session, why, pump: serial }) => {
    const same = (one: SessionKnown) =>
      one.session === session && (one.wand === wand || (serial !== null && one.serial === serial))
    const found = known.sessions.find(same)
    const made: SessionKnown = found ?? {
      ...{ pump: onlyPump(known, serial), serial, model: null, wand, port, session, opened, why },
    }
    if (!found) known.sessions.push(made)
    made.why = why
    supersede(known, made)
    return keyOf(made)
  })
  const place = `port ${port}`
  const gone = (known.told[place] ?? []).filter((key) => !listed.includes(key))
  known.sessions = known.sessions.filter(
    (one) => one.why === null || !gone.includes(keyOf(one)) || !saidClosed(known, one),
  )
  known.told[place] = listed
}

/** Whether a list that leaves a session out says that it was closed: only of the wand's newest. */
function saidClosed({ newest }: Known, { pump, serial, wand, session }: SessionKnown): boolean {
  if (pump === null && serial === null) return true
  return wand !== null && session >= (newest[wand] ?? 0)
}

function onlyPump(known: Known, serial: string | null): string | null {
  const found = Object.values(known.pumps).filter((pump) => pump.serial === serial)
  return found.length === 1 ? (found[0]?.id ?? null) : null
}

/** What a link that is not connected says of the session on its port. */
export function lostOnPort(known: Known, record: RecordOf<'link'>): void {
  if (!record.body.connected) lost(known, record.port ?? null)
}

function lost(known: Known, port: string | null): void {
  for (const one of known.sessions) {
    if (one.why !== null || one.port !== port) continue
    one.why = NOT_ENDED
    supersede(known, one)
  }
}

/** A bridge began, or ended: whatever one had open before is not open in it now. */
export function ownerEnded(known: Known): void {
  for (const one of known.sessions) {
    if (one.why !== null) continue
    one.why = NOT_ENDED
    supersede(known, one)
  }
  known.told = {}
}

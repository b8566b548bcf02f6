// A session that is held gives a live exchange every second, and only the newest of them says something
// that is not known better. So of a batch only the last line of each such row is taken apart. Pure.
//
// Two lines are of one row when everything in which `fold` tells live exchanges apart is the same text.
// A line is canonical JSON: its fields are in the order of their names, and a quote inside a text is
// escaped, so that what is searched for cannot stand in a text.
import type { FeedRecord } from '../feed/feed-record.ts'

type Line = Pick<FeedRecord, 'kind' | 'line'>

/** The lines without those that a later one of the batch replaces. */
export function thinned<L extends Line>(lines: readonly L[]): L[] {
  const seen = new Set<string>()
  const kept: L[] = []
  for (let i = lines.length - 1; i >= 0; i -= 1) {
    const one = lines[i] as L
    // What is dropped depends on when a pump was last heard, so nothing is replaced across it.
    if (one.kind === 'retention') seen.clear()
    const row = one.kind === 'live' ? rowOf(one.line) : null
    if (row !== null) {
      if (seen.has(row)) continue
      seen.add(row)
    }
    kept.push(one)
  }
  return kept.reverse()
}

/** Which pump, link and session a live line is of; null = it cannot be told from its text. */
function rowOf(line: string): string | null {
  const session = line.lastIndexOf(',"session":')
  const seq = line.lastIndexOf(',"seq":', session)
  const port = line.lastIndexOf(',"port":', seq)
  const kind = line.indexOf(',"kind":"live",')
  const mono = line.indexOf(',"mono":', kind)
  if (kind < 0 || mono < 0 || port < mono || seq < port || session < seq) return null
  return line.slice(kind, mono) + line.slice(port, seq) + line.slice(session)
}

// The picture of the house in CONTRIBUTING.md: its rooms, from the ground up, and who imports whom.
//
// It is drawn from the table in tools/rooms.mjs. That table is what the imports are: `npm run check:rooms`
// fails for an import that is not in it and for an entry that no import stands behind.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

interface Room {
  readonly path: string
  readonly what: string
  readonly may: readonly string[]
  readonly lazily: readonly string[]
}
export type Rooms = Readonly<Record<string, Room>>

// Plain JavaScript, because the import check reads it without a build.
const { ROOMS } = (await import(pathToFileURL(join(process.cwd(), 'tools/rooms.mjs')).href)) as {
  ROOMS: Rooms
}

const { WALKS } = (await import(pathToFileURL(join(process.cwd(), 'tools/walks.mjs')).href)) as {
  WALKS: Readonly<Record<string, readonly string[]>>
}

/** The ways of facts, file by file; what stands between two files that do not know each other in italics. */
export function walks(all: typeof WALKS = WALKS): string {
  const step = (text: string) => (text.startsWith('~') ? `*${text.slice(2)}*` : `\`${text}\``)
  return Object.entries(all)
    .map(([name, steps]) => {
      const files = steps.filter((text) => !text.startsWith('~')).length
      return `**${name}** (${files} files): ${steps.map(step).join(' → ')}`
    })
    .join('\n\n')
}

/** Every room behind those it imports; rooms that import each other stand side by side. */
export function fromTheGround(rooms: Rooms): string[] {
  /** The room, and everything it imports over however many steps. */
  const reach = (name: string): number => {
    const all = new Set<string>()
    const next = [name]
    for (let one = next.pop(); one !== undefined; one = next.pop()) {
      if (all.has(one)) continue
      all.add(one)
      next.push(...(rooms[one]?.may ?? []), ...(rooms[one]?.lazily ?? []))
    }
    return all.size
  }
  // Whoever imports another reaches more than it does, or, in a circle, the same.
  const reached = new Map(Object.keys(rooms).map((name) => [name, reach(name)]))
  return [...reached.keys()].sort((a, b) => (reached.get(a) ?? 0) - (reached.get(b) ?? 0))
}

/** The rooms as a table. */
export function roomTable(rooms: Rooms = ROOMS): string {
  const names = fromTheGround(rooms)
  const row = (name: string) => {
    const { path, what, may, lazily } = rooms[name] as Room
    const imports =
      names
        .filter((other) => may.includes(other) || lazily.includes(other))
        .map((other) => (may.includes(other) ? other : `*${other}*`))
        .join(', ') || 'nothing'
    return `| ${name} | \`${path}\` | ${what} | ${imports} |`
  }
  const head = ['| room | where | what it is | imports |', '|---|---|---|---|']
  return [...head, ...names.map(row)].join('\n')
}

/** Who imports whom, as text: a row looks along its line for the columns below it. */
export function picture(rooms: Rooms = ROOMS): string {
  const names = fromTheGround(rooms)
  const width = Math.max(...names.map((name) => name.length))
  const digits = (i: number) => String(i + 1).padStart(2)
  const mark = (name: string, other: string) => {
    if (name === other) return ' \\'
    if (rooms[name]?.may.includes(other)) return ' ●'
    return rooms[name]?.lazily.includes(other) ? ' ○' : ' ·'
  }
  const lines = names.map((name, i) => {
    const marks = names.map((other) => mark(name, other))
    // Nothing is drawn right of the last room that is imported, or of the room itself.
    const last = marks.findLastIndex((one) => one !== ' ·')
    return `${name.padEnd(width)} ${digits(i)} ${marks.slice(0, last + 1).join('')}`
  })
  // The numbers of the columns, from top to bottom: side by side they would run into each other.
  const ruler = [0, 1].map((digit) => {
    const row = names.map((_, i) => ` ${digits(i)[digit]}`)
    return `${' '.repeat(width + 4)}${row.join('')}`.trimEnd()
  })
  return ['```', ...lines, ...ruler, '```'].join('\n')
}

// How far somebody has followed the log: its name, and the last position that was taken. Everywhere else
// the text of a cursor is opaque.

export interface Cursor {
  readonly log: string
  /** The last position that was taken; -1 = none yet. */
  readonly position: number
}

export const cursorText = ({ log, position }: Cursor): string => `${log}.${position}`

/** Null = this is no cursor. */
export function parseCursor(text: string): Cursor | null {
  const found = /^([a-z]+-[1-9]\d*-[0-9a-f]{8})\.(-1|0|[1-9]\d{0,15})$/.exec(text)
  const [, log, digits] = found ?? []
  const position = Number(digits)
  return log !== undefined && Number.isSafeInteger(position) ? { log, position } : null
}

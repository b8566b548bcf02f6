// Which pump a record is about, without reading what the record says of it: a long log is sent faster than it
// could be parsed. Pure.

/**
 * The serial in a line of the log; null = it is about no pump. Behind it in a line stand only fields that are
 * no objects of unknown depth, so the rest of the line is an object of its own exactly when the serial is the
 * record's and not one inside its body.
 */
export function serialIn(line: string): string | null {
  const begin = line.lastIndexOf('"pump":"')
  if (begin < 0) return null
  try {
    const { pump } = JSON.parse(`{${line.slice(begin)}`) as { readonly pump?: unknown }
    return typeof pump === 'string' ? pump : null
  } catch {
    return null
  }
}

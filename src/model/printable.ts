// Text from outside (a wand, a file, a request) as it may stand in a terminal or a listing: what would
// move the cursor, end the line, turn the direction of writing or show nothing at all is written as
// `\u{1b}`. It runs in a browser, too.

/** Control characters, format characters (direction marks among them), separators of lines, halves of characters. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]|\\(?=u\{)/gu

/** One line in which every character is seen as itself. Two different texts never look the same way. */
export function printable(text: string): string {
  return text.replace(HIDDEN, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`)
}

/** A JSON text with the same characters as JSON escapes: it still means the same. */
export function printableJson(json: string): string {
  return json.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (c) =>
    c
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}

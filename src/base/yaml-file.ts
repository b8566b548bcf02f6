// A YAML file against a zod schema. What is wrong is said with file, line and reason. Files from outside
// are bounded before they are parsed.
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { type Document, LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'

/** Longer than any configuration or scenario that people write, and parsed within a second or two at worst. */
const FILE_MAX = 64 * 1024

export class YamlFileError extends Error {}

/**
 * The text of a regular file of at most `most` bytes; throws an Error with the reason otherwise. A
 * device, a pipe or a file that is too long is not read.
 */
function readTextFile(path: string, most: number): string {
  // Without NONBLOCK, opening a pipe waits for somebody to write into it.
  const fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    if (!fstatSync(fd).isFile()) throw new Error('it is not a regular file')
    const bytes = Buffer.alloc(most + 1)
    let length = 0
    for (let n = 1; n > 0 && length < bytes.length; length += n) {
      n = readSync(fd, bytes, length, bytes.length - length, null)
    }
    if (length > most) throw new Error(`it is longer than ${most} bytes`)
    return bytes.toString('utf8', 0, length)
  } finally {
    closeSync(fd)
  }
}

/** The checked content of the file; throws YamlFileError, one line of text for each problem. */
export function readYamlFile<S extends z.ZodType>(path: string, schema: S): z.output<S> {
  let text: string
  try {
    text = readTextFile(path, FILE_MAX)
  } catch (error) {
    throw new YamlFileError(`${path} cannot be read: ${(error as Error).message}`)
  }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const broken = document.errors[0]
  if (broken) {
    throw new YamlFileError(`${path}:${lines.linePos(broken.pos[0]).line}: ${broken.message}`)
  }
  const parsed = schema.safeParse(document.toJS() ?? {})
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) => {
    const keys = issue.code === 'unrecognized_keys' ? [...issue.path, ...issue.keys] : issue.path
    const at = lineOf(document, lines, keys)
    return `${path}:${at}: ${keys.map(String).join('.') || 'the file'}: ${issue.message}`
  })
  throw new YamlFileError(problems.join('\n'))
}

/** Line of the node at `keys`, or of the nearest one around it that is there. */
function lineOf(document: Document, lines: LineCounter, keys: readonly PropertyKey[]): number {
  for (let n = keys.length; n > 0; n -= 1) {
    const node = document.getIn(keys.slice(0, n), true) as
      | { range?: [number, number, number] }
      | undefined
    if (node?.range) return lines.linePos(node.range[0]).line
  }
  return 1
}

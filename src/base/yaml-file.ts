// A YAML file against a zod schema. What is wrong is said with file, line and reason.
import { readFileSync } from 'node:fs'
import { type Document, LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'

export class YamlFileError extends Error {}

/** The checked content of the file; throws YamlFileError, one line of text for each problem. */
export function readYamlFile<S extends z.ZodType>(path: string, schema: S): z.output<S> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
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

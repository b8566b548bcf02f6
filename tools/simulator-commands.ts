// The table of what can be done to a simulated wand, from the schema of its commands.
import * as z from 'zod'
import { CommandSchema } from '../simulator/commands.ts'

type Json = Readonly<Record<string, unknown>>

/** What may stand for a field, in a word or two. */
function kindOf(schema: Json): string {
  if (schema['const'] !== undefined) return `\`${String(schema['const'])}\``
  if (Array.isArray(schema['enum']))
    return (schema['enum'] as string[]).map((x) => `\`${x}\``).join(' ')
  const options = (schema['anyOf'] ?? schema['oneOf']) as readonly Json[] | undefined
  if (options) return [...new Set(options.map(kindOf))].join(', ')
  if (schema['type'] === 'array') return 'list'
  return String(schema['type'])
}

function row(option: Json): string {
  const { properties, description } = option as {
    properties: Record<string, Json>
    description?: string
  }
  const name = String(properties['do']?.['const'])
  const fields = Object.entries(properties)
    .filter(([field]) => field !== 'do' && field !== 'wand')
    .map(([field, schema]) => {
      const what = schema['description'] ? `: ${String(schema['description'])}` : ''
      const given =
        schema['default'] === undefined ? '' : `; ${JSON.stringify(schema['default'])} if not given`
      return `\`${field}\` (${kindOf(schema)})${what}${given}`
    })
  return `| \`${name}\` | ${description ?? ''} | ${fields.join('<br>')} |`.replaceAll(
    '||',
    '\\|\\|',
  )
}

export function commands(): string {
  const { oneOf } = z.toJSONSchema(CommandSchema, { io: 'input' }) as { oneOf: Json[] }
  return ['| `do` | what it does | with |', '|---|---|---|', ...oneOf.map(row)].join('\n')
}

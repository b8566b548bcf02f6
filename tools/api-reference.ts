// Writes docs/api.html, the reference of the API, from the OpenAPI document: one page that a browser shows from the
// disk, with no script and nothing from elsewhere.
//
//   node dist/tools/api-reference.js            writes it
//   node dist/tools/api-reference.js --check    exits 1 when it is out of date
import { documentIn, type OpenApi, type Schema } from './openapi-document.ts'
import { kept, run } from './run.ts'

const FILE = 'docs/api.html'

const STYLE = `
:root { color-scheme: light dark; --line: #8886; --soft: #8882; --link: light-dark(#0550ae, #7cb7ff) }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; display: grid; grid-template-columns: 17rem minmax(0, 1fr) }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; box-sizing: border-box; padding: 1rem; border-right: 1px solid var(--line); font-size: .9rem }
nav h2 { font-size: .8rem; margin: 1rem 0 .25rem; text-transform: uppercase; letter-spacing: .05em }
nav ul { list-style: none; margin: 0; padding: 0; overflow-wrap: anywhere }
main { padding: 1rem 2rem 4rem; max-width: 60rem }
a { color: var(--link) }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere }
section { border-top: 1px solid var(--line); margin-top: 2rem }
h3 { margin-bottom: .25rem; overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100%; font-size: .93rem }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--soft) }
th { font-size: .8rem }
td:first-child, td:nth-child(2) { width: 25% }
td p, td ul { margin: 0 }
td code { overflow-wrap: anywhere }
.tag { white-space: nowrap; font-size: .8rem; padding: .1rem .4rem; border: 1px solid var(--line); border-radius: .3rem }
@media (max-width: 50rem) { body { display: block } nav { position: static; height: auto; border: 0 } main { padding: 1rem } }
@media print { nav { display: none } body { display: block } }
`

const escaped = (text: string) =>
  text.replace(/[&<>"]/g, (one) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[one] ?? '&quot;')

/** The little Markdown that descriptions use: paragraphs, lists, code. */
function prose(text: string): string {
  const inline = (part: string) => escaped(part).replace(/`([^`]+)`/g, '<code>$1</code>')
  return text
    .split(/\n{2,}/)
    .map((block) => {
      const lines = block.split('\n')
      if (!lines.every((line) => line.startsWith('- '))) return `<p>${inline(block)}</p>`
      return `<ul>${lines.map((line) => `<li>${inline(line.slice(2))}</li>`).join('')}</ul>`
    })
    .join('\n')
}

const code = (text: string) => `<code>${escaped(text)}</code>`

/** A type as a phrase: `number, 0 to 50, or null`. */
function phrase(schema: Schema): string {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1) ?? ''
    return `<a href="#${name}">${name}</a>`
  }
  const ways = schema.anyOf ?? schema.oneOf
  if (ways) return ways.map(phrase).join(' or ')
  if ('const' in schema) return code(JSON.stringify(schema.const))
  if (schema.enum) return schema.enum.map((one) => code(JSON.stringify(one))).join(', ')
  if (Array.isArray(schema.type)) {
    return schema.type.map((type) => phrase({ ...schema, type })).join(' or ')
  }
  if (schema.type === 'array') return `list of ${phrase(schema.items ?? {})}`
  if (schema.type === 'object' && !schema.properties) {
    const rest = schema.additionalProperties
    return `object of ${typeof rest === 'object' ? phrase(rest) : 'anything'}, by name`
  }
  if (schema.type === undefined) return 'anything'
  const { minimum: min = -Infinity, maximum: max = Infinity, format, pattern } = schema
  const huge = (n: number) => Math.abs(n) >= Number.MAX_SAFE_INTEGER
  const range = huge(min) ? '' : huge(max) ? `, ${min} or more` : `, ${min} to ${max}`
  const like = format ?? (pattern === undefined ? '' : `like ${pattern}`)
  return `${escaped(String(schema.type))}${range}${like === '' ? '' : `, ${code(like)}`}`
}

/** The object inside of a schema whose fields have no name of their own to be looked up by. */
function within(schema: Schema): Schema | null {
  if (schema.properties) return schema
  const inner = [...(schema.anyOf ?? []), ...(schema.items ? [schema.items] : [])]
  return inner.map(within).find((one) => one !== null) ?? null
}

/** What every value has besides its number or text, and its unit: told once. */
const VALUE = ['deviceTime', 'receivedAt', 'quality', 'reason', 'raw']

/** A value in one phrase; null: it is none. */
function valuePhrase({ properties = {} }: Schema): string | null {
  const { value, unit } = properties
  if (!value || !unit || !VALUE.every((name) => name in properties)) return null
  const of = phrase(unit) === 'null' ? '' : `, in ${phrase(unit)}`
  return `<a href="#a-value">value</a>: ${phrase(value)}${of}`
}

function aValue(document: OpenApi): string {
  const of = document.components.schemas['Reservoir']?.properties?.['reportedVolume']
  if (!of || valuePhrase(of) === null) throw new Error('the document has no value to show')
  return `<section id="a-value">
<h3>A value</h3>
<p>Whatever is read of a pump comes as an object with these fields; its <code>value</code> and <code>unit</code> are said where it stands.</p>
${table(['Field', 'Type', 'What it is'], rows({ ...of, properties: without(of) }))}</section>
`
}

const without = ({ properties = {} }: Schema) =>
  Object.fromEntries(VALUE.map((name) => [name, properties[name] ?? {}]))

function rows(schema: Schema, path = ''): string {
  return Object.entries(schema.properties ?? {})
    .map(([name, one]) => {
      const value = valuePhrase(one)
      const inner = value === null ? within(one) : null
      const list = one.type === 'array' || one.anyOf?.some(({ type }) => type === 'array')
      const at = `${path}${name}`
      const optional = schema.required?.includes(name)
        ? ''
        : ' <span class="tag">may be missing</span>'
      const type = inner ? (list ? 'list of objects' : 'object') : (value ?? phrase(one))
      const nullable = inner && one.anyOf?.some((way) => way.type === 'null') ? ' or null' : ''
      const said = one.description === undefined ? '' : prose(one.description)
      const deeper = inner ? rows(inner, `${at}${list ? '[]' : ''}.`) : ''
      return `<tr><td>${code(at)}${optional}</td><td>${type}${nullable}</td><td>${said}</td></tr>\n${deeper}`
    })
    .join('')
}

const table = (heads: readonly string[], body: string) =>
  body === ''
    ? ''
    : `<table><thead><tr>${heads.map((one) => `<th>${one}</th>`).join('')}</tr></thead><tbody>\n${body}</tbody></table>\n`

function operation(path: string, { get }: OpenApi['paths'][string]): string {
  const parameters = (get.parameters ?? []).map(
    ({ name, in: where, required, schema, description = '' }) =>
      `<tr><td>${code(name)} <span class="tag">${where}</span></td><td>${phrase(schema)}${required ? '' : ', optional'}</td><td>${prose(description)}</td></tr>\n`,
  )
  const answers = Object.entries(get.responses).map(
    ([status, { description = '', content = {} }]) => {
      const what = Object.entries(content).map(
        ([type, { schema = {} }]) => `${code(type)}: ${phrase(schema)}`,
      )
      return `<tr><td>${code(status)}</td><td>${what.join('<br>')}</td><td>${prose(description)}</td></tr>\n`
    },
  )
  return `<section id="${get.operationId}">
<h3><code>GET ${escaped(path)}</code></h3>
<p><strong>${escaped(get.summary ?? '')}</strong></p>
${prose(get.description ?? '')}
${table(['Parameter', 'Type', 'What it is'], parameters.join(''))}${table(['Answer', 'Content', 'What it means'], answers.join(''))}</section>
`
}

function schemaSection([name, schema]: readonly [string, Schema]): string {
  const body = schema.properties ? '' : `<p>${phrase(schema)}</p>`
  return `<section id="${name}">
<h3>${name}</h3>
${prose(schema.description ?? '')}
${body}${table(['Field', 'Type', 'What it is'], rows(schema))}</section>
`
}

export function pageOf(document: OpenApi): string {
  const { info, tags = [], paths, components } = document
  const all = Object.entries(paths)
  const ofTag = (name: string) => all.filter(([, { get }]) => get.tags?.includes(name))
  const schemas = Object.entries(components.schemas)
  const link = (id: string, text: string) => `<li><a href="#${id}">${escaped(text)}</a></li>`
  const menu = tags.map(
    ({ name }) =>
      `<h2>${name}</h2><ul>${ofTag(name)
        .map(([path, { get }]) => link(get.operationId, path.replace('/api/v1', '')))
        .join('')}</ul>`,
  )
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${info.title} API ${info.version}</title>
<style>${STYLE}</style>
<!-- Made by tools/api-reference.ts of src/http/openapi.json: npm run generate. -->
<nav aria-label="Contents">
<strong>${info.title} API</strong>
${menu.join('\n')}
<h2>Schemas</h2><ul>${link('a-value', 'A value')}${schemas.map(([name]) => link(name, name)).join('')}</ul>
</nav>
<main>
<h1>${info.title} API ${info.version}</h1>
${prose(info.description)}
${tags
  .map(
    ({ name, description }) => `<h2>${escaped(description)}</h2>
${ofTag(name)
  .map(([path, item]) => operation(path, item))
  .join('')}`,
  )
  .join('')}
<h2>Schemas</h2>
${aValue(document)}${schemas.map(schemaSection).join('')}
</main>
</html>
`
}

await run(import.meta.url, (root, check) => kept(root, FILE, pageOf(documentIn(root)), check))

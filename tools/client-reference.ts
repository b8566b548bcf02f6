// The reference of `wandbridge/client`, from the declarations of its sources and the comments before them.
import { readFileSync } from 'node:fs'
import ts from 'typescript'
import { cell } from './markdown.ts'

const parsed = (file: string) =>
  ts.createSourceFile(
    file,
    readFileSync(`src/client/${file}`, 'utf8'),
    ts.ScriptTarget.ES2022,
    true,
  )

/** What the comment before a declaration says, as one paragraph. */
function said(node: ts.Node): string {
  const [comment] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc).slice(-1)
  return (ts.getTextOfJSDocComment(comment?.comment) ?? '').replace(/\s*\n\s*/g, ' ').trim()
}

const oneLine = (text: string) => text.replace(/\s*\n\s*/g, ' ').replace(/,\s*\)/g, ')')
const cellOf = (text: string) => cell(oneLine(text))
const row = (name: string, type: string, text: string) =>
  `| \`${cellOf(name)}\` | ${type === '' ? '' : `\`${cellOf(type)}\``} | ${cellOf(text)} |`
const table = (rows: readonly string[]) => ['| | type | |', '|---|---|---|', ...rows].join('\n')

function declared<N extends ts.Node>(
  file: string,
  name: string,
  is: (one: ts.Node) => one is N,
): N {
  const found = parsed(file).statements.find(
    (one) => is(one) && (one as unknown as ts.DeclarationStatement).name?.text === name,
  )
  if (!found) throw new Error(`src/client/${file} does not declare ${name}`)
  return found as unknown as N
}

const parameters = (all: ts.NodeArray<ts.ParameterDeclaration>) =>
  all.map((one) => oneLine(one.getText())).join(', ')

/** Fields of an interface, with what is said of each. */
const fields = (file: string, name: string): string =>
  table(
    declared(file, name, ts.isInterfaceDeclaration)
      .members.filter(ts.isPropertySignature)
      .map((one) =>
        row(
          `${one.name.getText()}${one.questionToken ? '?' : ''}`,
          one.type?.getText() ?? '',
          said(one),
        ),
      ),
  )

/** The public side of the class. */
function members(): string {
  const rows = declared('client.ts', 'Client', ts.isClassDeclaration).members.flatMap((one) => {
    if (ts.isConstructorDeclaration(one))
      return [row(`new Client(${parameters(one.parameters)})`, '', said(one))]
    const isPrivate = one.name === undefined || ts.isPrivateIdentifier(one.name)
    if (isPrivate) return []
    const name = one.name.getText()
    if (ts.isMethodDeclaration(one))
      return [row(`${name}(${parameters(one.parameters)})`, one.type?.getText() ?? '', said(one))]
    return ts.isPropertyDeclaration(one) ? [row(name, one.type?.getText() ?? '', said(one))] : []
  })
  return table(rows)
}

/** The states of a union of objects, as they are written. */
const states = (name: string): string =>
  parsed('client.ts')
    .statements.filter(ts.isTypeAliasDeclaration)
    .filter((one) => one.name.text === name)
    .map((one) => `\`\`\`ts\n${one.getText()}\n\`\`\``)
    .join('')

/** The functions of `client.api`. */
function functions(): string {
  const made = declared('rest.ts', 'rest', ts.isFunctionDeclaration)
  const returned = made.body?.statements.find(ts.isReturnStatement)?.expression
  if (!returned || !ts.isObjectLiteralExpression(returned))
    throw new Error('rest() returns no object')
  const rows = returned.properties.map((one) => {
    const name = one.name?.getText() ?? ''
    const call = ts.isPropertyAssignment(one) ? one.initializer : one
    if (!ts.isArrowFunction(call) && !ts.isMethodDeclaration(call))
      throw new Error(`${name} is no function`)
    const reply = /get\([^,]+,\s*'(\w+)'\)/.exec(call.getText())?.[1]
    const type = reply === undefined ? '' : `Replies['${reply}']`
    return row(`${name}(${parameters(call.parameters)})`, type, said(one))
  })
  return table(rows)
}

export const reference = (): string => `### \`Client\`

${members()}

### \`ClientOptions\`

${fields('client.ts', 'ClientOptions')}

### \`Connection\`

${states('Connection')}

### \`client.api\`

Each asks one address and holds the reply to what v1 says. They reject with \`ApiError\` when the bridge refuses,
with \`NotV1Error\` when the reply is not what v1 says, or as fetch does.

${functions()}

\`Range\`:

${fields('rest.ts', 'Range')}

\`Replies\`, whose fields are in the [reference of the API](api.html):

${fields('checked.ts', 'Replies')}

### \`ClientStatus\`

${fields('stream-state.ts', 'ClientStatus')}

### \`Pin\`

${fields('checkpoint.ts', 'Pin')}`

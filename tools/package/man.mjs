// The page of the manual for a program: what the program says of itself when it is asked for help.
import { execFileSync } from 'node:child_process'

/** Asks for all of them in one process: each would load the whole program. */
const ASK = `const [program, ...names] = process.argv.slice(1)
process.execArgv = []
for (const stream of [process, process.stdout, process.stderr]) stream.setMaxListeners(0)
for (const name of names) {
  process.argv = [process.execPath, program, ...(name === '' ? [] : [name]), '--help']
  await import(program + '?' + name)
  process.stdout.write('\\f')
}`

/** What the program says of each command when it is asked for help; '' = of itself. */
function helpOf(program, names) {
  const ask = ['--input-type=module', '-e', ASK, program, ...names]
  const said = execFileSync(process.execPath, ask, {
    encoding: 'utf8',
    env: { ...process.env, COLUMNS: '78', NO_COLOR: '1' },
  })
  const all = said.split('\f')
  return new Map(names.map((name, i) => [name, all[i].trimEnd()]))
}

export function manPage(program, name, version) {
  const own = helpOf(program, ['']).get('')
  const listed = own.split('\nCommands:\n')[1] ?? ''
  const names = [...listed.matchAll(/^ {2}([a-z][a-z-]*)/gm)]
    .map(([, command]) => command)
    .filter((command) => command !== 'help')
  const short =
    name === 'wandbridge'
      ? 'read implanted pumps through their wand'
      : 'hold a wand to the open wand protocol'
  return [
    `.TH ${name.toUpperCase()} 1 "" "wandbridge ${version}" "User Commands"`,
    `.SH NAME\n${name} \\- ${short}`,
    ...section('DESCRIPTION', own),
    ...[...helpOf(program, names)].flatMap(([command, text]) =>
      section(command.toUpperCase(), text),
    ),
    '',
  ].join('\n')
}

const section = (title, text) => [`.SH ${title}`, '.nf', escaped(text), '.fi']

const escaped = (text) =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1')

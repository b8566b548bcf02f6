// The page of the manual for a program: what the program says of itself when it is asked for help.
import { execFileSync } from 'node:child_process'

export function manPage(program, name, version) {
  const help = (...args) =>
    execFileSync(process.execPath, [program, ...args], {
      encoding: 'utf8',
      env: { ...process.env, COLUMNS: '78', NO_COLOR: '1' },
    }).trimEnd()
  const own = help('--help')
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
    ...names.flatMap((command) => section(command.toUpperCase(), help(command, '--help'))),
    '',
  ].join('\n')
}

const section = (title, text) => [`.SH ${title}`, '.nf', escaped(text), '.fi']

const escaped = (text) =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1')

// The starters for a desktop, as text: they are what the desktop's specification asks for, and start only
// commands and options that there are.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { registerOpen } from '../../src/cli/open.ts'
import { registerRefill } from '../../src/cli/refill.ts'

const dir = fileURLToPath(new URL('../../deploy/desktop/', import.meta.url))
const text = (name: string) => readFileSync(`${dir}${name}`, 'utf8')

const program = new Command('wandbridge')
registerOpen(program)
registerRefill(program)

/** What is started is a command of ours with options it has. */
function isOurs(args: readonly string[]): void {
  const [name, ...options] = args
  const command = program.commands.find((one) => one.name() === name)
  expect(command, String(name)).toBeDefined()
  for (const option of options) {
    expect(command?.options.map(({ long }) => long)).toContain(option)
  }
}

/** Groups of a desktop entry with their keys; throws at a line that is neither. */
function entry(source: string): Map<string, Map<string, string>> {
  const groups = new Map<string, Map<string, string>>()
  let keys: Map<string, string> | null = null
  for (const line of source.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const group = /^\[([^[\]]+)\]$/.exec(line)?.[1]
    if (group !== undefined) {
      if (groups.has(group)) throw new Error(`twice: ${group}`)
      keys = new Map()
      groups.set(group, keys)
      continue
    }
    const [, key = '', value = ''] = /^([A-Za-z0-9-]+)=(.*)$/.exec(line) ?? []
    if (key === '' || keys === null || keys.has(key)) throw new Error(line)
    keys.set(key, value)
  }
  return groups
}

/** Values that are lists end each item with a semicolon. */
const list = (value = '') => value.split(';').slice(0, -1)

describe('the desktop entry', () => {
  const groups = entry(text('wandbridge.desktop'))
  const main = groups.get('Desktop Entry')

  it('begins with its own group, and has what an application needs', () => {
    expect([...groups.keys()][0]).toBe('Desktop Entry')
    expect(main?.get('Type')).toBe('Application')
    for (const key of ['Name', 'Exec', 'Comment']) expect(main?.get(key)).toMatch(/\S/)
    for (const key of ['Terminal', 'StartupNotify'])
      expect(main?.get(key)).toMatch(/^(true|false)$/)
    for (const key of ['Categories', 'Keywords', 'Actions']) expect(main?.get(key)).toMatch(/;$/)
  })

  it('has a group for every action, and no other', () => {
    const actions = list(main?.get('Actions')).map((name) => `Desktop Action ${name}`)
    expect([...groups.keys()].slice(1)).toEqual(actions)
    for (const name of actions) expect(groups.get(name)?.get('Name')).toMatch(/\S/)
  })

  it('starts commands that there are, without a shell', () => {
    for (const keys of groups.values()) {
      const exec = keys.get('Exec') ?? ''
      expect(exec).not.toMatch(/["'`$\\;&|<>~*?#()]/)
      const [, args = ''] = /(?:^|-e )wandbridge (.*)$/.exec(exec) ?? []
      isOurs(args.split(' '))
    }
  })

  it('says which of them is the simulator', () => {
    for (const keys of groups.values()) {
      const practice = keys.get('Exec')?.includes('--practice') ?? false
      expect(/simulator/i.test(keys.get('Name') ?? '')).toBe(practice)
    }
  })
})

describe('the shortcuts of Windows', () => {
  const script = text('wandbridge-shortcuts.ps1')

  it('start commands that there are', () => {
    const made = [...script.matchAll(/^New-Shortcut '([^']+)' '([^']+)'/gm)]
    expect(made).toHaveLength(3)
    for (const [, name = '', args = ''] of made) {
      isOurs(args.split(' '))
      expect(/simulator/.test(name)).toBe(args.includes('--practice'))
    }
  })

  it('are saved, and closed in every bracket and quote', () => {
    expect(script).toContain('.Save()')
    const code = script.replace(/^#.*$/gm, '')
    for (const [open, close] of ['()', '{}', '[]']) {
      expect(code.split(open ?? '').length).toBe(code.split(close ?? '').length)
    }
    for (const line of code.split('\n')) expect((line.match(/'/g) ?? []).length % 2).toBe(0)
  })
})

// Lines for whoever runs a bridge: from a level on, as text or as JSON, once a change.
import { expect, it } from 'vitest'
import { VirtualEnv } from '../../src/base/env.ts'
import { Journal, LEVELS } from '../../src/base/journal.ts'

const journal = (systemd = false) => {
  const lines: string[] = []
  const write = (line: string) => void lines.push(line)
  const env = new VirtualEnv()
  return {
    env,
    lines,
    journal: new Journal({ env, systemd, write, format: 'text', level: 'info' }),
  }
}

it('is one line a change: the same of the same port is not said again', () => {
  const { lines, journal: of } = journal()
  for (const port of ['a', 'b', 'a']) of.say('info', 'link', 'The wand\nanswers.', { port })
  of.say('warning', 'link', 'Lost.', { port: 'a' })
  of.say('info', 'link', 'The wand\nanswers.', { port: 'a' })
  const at = '2026-01-05T08:00:00.000Z'
  expect(lines).toEqual([
    `${at}  a  The wand answers.`,
    `${at}  b  The wand answers.`,
    `${at}  a  warning: Lost.`,
    `${at}  a  The wand answers.`,
  ])
})

it('says the same again when it happens again later', async () => {
  const { env, lines, journal: of } = journal()
  const say = () => of.say('warning', 'reading', 'Not read: no implant answers.', { port: 'a' })
  for (let second = 0; second < 130; second += 10) {
    say()
    await env.advance(10_000)
  }
  expect(lines.map((line) => line.slice(11, 19))).toEqual(['08:00:00', '08:01:00', '08:02:00'])
})

it.each(LEVELS)('from %s on, as JSON, with the priority of systemd', (level) => {
  const { lines, journal: of } = journal(true)
  of.use({ format: 'json', level })
  for (const one of LEVELS) of.say(one, 'audit', `It is ${one}.`, { code: 'x' })
  const all = lines.map((line) => [line.slice(0, 3), JSON.parse(line.slice(3))] as const)
  expect(all.map(([, { level: said }]) => said)).toEqual(LEVELS.slice(0, LEVELS.indexOf(level) + 1))
  for (const [priority, said] of all) {
    expect(said).toMatchObject({ about: 'audit', text: `It is ${said.level}.`, code: 'x' })
    expect(priority).toBe(
      { error: '<3>', warning: '<4>', info: '<6>', debug: '<7>' }[said.level as 'info'],
    )
  }
})

it('takes bad news from a room unless it says that it is none', () => {
  const { lines, journal: of } = journal()
  of.use({ format: 'json', level: 'debug' })
  of.of('http')('The certificate cannot be used.')
  of.of('http')('The certificate was read again.', 'info')
  expect(lines.map((line) => JSON.parse(line).level)).toEqual(['warning', 'info'])
})

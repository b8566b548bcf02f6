// A bridge that is killed in the middle of what it sends, to three destinations that each do what destinations
// do: every reading arrives at each once in effect, in order, what one of them will never take is set aside,
// and one that is not there costs the others nothing.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { type Deed, r4Server } from '../delivery/r4-server.ts'
import { atEnd, closeAll, fileOf, SECRET, webhookReceiver } from '../delivery/senders.ts'
import { filledLog } from '../hl7/readings.ts'
import { endAll, start, temporary } from './programs.ts'
import { receiver } from './receiver.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const MESSAGES = LONG ? 10_000 : 150
const KILLS = LONG ? 25 : 3
const FAULTS = LONG ? 60 : 5

afterEach(async () => {
  await endAll()
  await closeAll()
})

/** What is done to every so-manyth message. */
const planned = <T>(deeds: readonly T[]): Map<number, T> => {
  const each = Math.floor(MESSAGES / FAULTS)
  return new Map(
    Array.from({ length: FAULTS }, (_, i) => [i * each + 7, deeds[i % deeds.length] as T]),
  )
}

it(`${MESSAGES} messages to each of three destinations, over ${KILLS} kills`, {
  timeout: 180_000 + MESSAGES * 150,
}, async () => {
  const state = temporary()
  const positions = await filledLog(state, MESSAGES)
  const poison = positions[Math.floor(MESSAGES / 2)] as number

  const plan = planned(['500', 'drop', 'taken-drop', 'cut', '503'])
  const lab = await webhookReceiver({ plan: Object.fromEntries(plan), poison: [poison], after: 0 })
  const deeds = planned<Deed>([500, 'lost', 'drop', 'html', 'short', 503])
  const done = new Set<string>()
  const ehr = await r4Server({
    deed(_, control) {
      const n = positions.indexOf(Number(control.split('/')[1]))
      const deed = deeds.get(n)
      if (deed === undefined || done.has(control)) return 'ok'
      done.add(control)
      return deed
    },
    poison: (control) => control.endsWith(`/${poison}`),
    checkEach: Math.max(1, MESSAGES / 50),
  })
  atEnd(() => ehr.close())
  const emr = await receiver()
  atEnd(() => emr.close())

  const config = join(temporary(), 'config.yaml')
  const since = `since: 2020-01-01, testMessages: true`
  writeFileSync(
    config,
    `source: simulator
http: { listen: none }
hl7:
  destinations:
    - { name: emr, host: 127.0.0.1, port: ${emr.port}, ${since} }
    - { name: gone, host: 127.0.0.1, port: 1, ${since} }
delivery:
  fhir: [{ name: ehr, url: '${ehr.url}', ${since} }]
  webhooks: [{ name: lab, url: '${lab.url}', secretFiles: ['${fileOf(SECRET)}'], ${since} }]
`,
  )
  mkdirSync(join(state, 'delivery'), { recursive: true })
  const args = ['serve', '--serial', 'tcp://127.0.0.1:1', '--config', config, '--state-dir', state]
  const got = () => [
    new Set(lab.seen.map((one) => one.position)).size,
    // The one that it will never take is not among them.
    ehr.order.length + 1,
    new Set(emr.got).size,
  ]
  for (let kills = 0; ; kills += 1) {
    const bridge = start(args)
    const until = kills < KILLS ? (MESSAGES * (kills + 0.6)) / (KILLS + 1) : MESSAGES
    const least = kills < KILLS ? Math.max : Math.min
    while (least(...got()) < until) {
      if (bridge.child.exitCode !== null) throw new Error(bridge.err())
      await setTimeout(10)
    }
    if (kills >= KILLS) {
      // What was set aside is kept before it ends.
      await setTimeout(500)
      bridge.child.kill('SIGTERM')
      expect(await bridge.exit, bridge.err()).toBe(0)
      break
    }
    bridge.child.kill('SIGKILL')
    await bridge.exit
  }

  const once = <T>(all: readonly T[]) => [...new Set(all)]
  expect(once(lab.seen.map((one) => one.position))).toEqual(positions)
  expect(once(lab.seen.map((one) => one.id)).length).toBe(MESSAGES)
  expect(once(lab.seen.map((one) => one.check))).toEqual(['ok'])
  const taken = positions.filter((one) => one !== poison)
  expect(ehr.order.map((control) => Number(control.split('/')[1]))).toEqual(taken)
  const reports = [...ehr.store].filter((key) => /^DiagnosticReport .*\d$/.test(key))
  expect(reports.length).toBe(MESSAGES - 1)
  const controls = once(emr.got.map((text) => text.split('|')[9] as string))
  expect(controls.map((one) => Number.parseInt(one.split('-').at(-1) ?? '', 36))).toEqual(positions)

  const shown = start([
    'audit',
    'show',
    '--json',
    '--kind',
    'delivery-parked',
    ...['--state-dir', state],
  ])
  expect(await shown.exit).toBe(0)
  const records = shown.json() as { kind: string; body: Record<string, unknown> }[]
  const aside = records.filter((one) => one.kind === 'delivery-parked').map((one) => one.body)
  expect(once(aside.map((one) => `${one['destination']} ${one['position']}`)).sort()).toEqual([
    `ehr ${poison}`,
    `lab ${poison}`,
  ])
})

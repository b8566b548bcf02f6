// A bridge that is killed in the middle of what it sends, to three destinations over TLS that each do what
// destinations do, with what goes wrong with TLS between them: every reading arrives at each once in effect, in
// order, what one of them will never take is set aside, and those that are not there cost the others nothing.
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { type Deed, r4Server } from '../delivery/r4-server.ts'
import { atEnd, closeAll, fileOf, SECRET, webhookReceiver } from '../delivery/senders.ts'
import { TLS_FAULTS, tlsFront } from '../delivery/tls-front.ts'
import { filledLog } from '../hl7/readings.ts'
import { endAll, start, temporary } from './programs.ts'
import { MLLP_DEEDS, receiver } from './receiver.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const MESSAGES = LONG ? 10_000 : 100
const KILLS = LONG ? 25 : 2
const FAULTS = LONG ? 49 : 7
const TLS_FAILURES = LONG ? 20 : 4

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

/** The same as what is done to a message when it comes first, by its name. */
function firstTime<T>(deeds: ReadonlyMap<number, T>, numberOf: (control: string) => number) {
  const done = new Set<string>()
  return (control: string): T | undefined => {
    const deed = done.has(control) ? undefined : deeds.get(numberOf(control))
    done.add(control)
    return deed
  }
}

/** Accepts every connection, and never says anything. */
async function deafServer(): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.resume()
    atEnd(() => socket.destroy())
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  atEnd(() => server.close())
  return (server.address() as { port: number }).port
}

it(`${MESSAGES} messages to each of three destinations, over ${KILLS} kills`, {
  timeout: 180_000 + MESSAGES * 200,
}, async () => {
  const state = temporary()
  const positions = await filledLog(state, MESSAGES)
  const numbers = new Map(positions.map((position, n) => [position, n]))
  const poison = positions[Math.floor(MESSAGES / 2)] as number

  const plan = planned(['500', 'drop', 'taken-drop', 'cut', '503', '429', 'slow'])
  const lab = await webhookReceiver({
    ...{ plan: Object.fromEntries(plan), poison: [poison], after: 0, slow: 1.5 },
  })
  const ehrPosition = (control: string) => Number(control.split('/')[1])
  const ehrDeed = firstTime(
    planned<Deed>([500, 'lost', 'drop', 'html', 'short', 503, 'slow']),
    (control) => numbers.get(ehrPosition(control)) ?? -1,
  )
  const ehr = await r4Server({
    deed: (_, control) => ehrDeed(control) ?? 'ok',
    poison: (control) => ehrPosition(control) === poison,
    slowMs: 1_500,
    checkEach: Math.max(1, MESSAGES / 50),
  })
  atEnd(() => ehr.close())
  const emrPosition = (control: string) => Number.parseInt(control.split('-').at(-1) ?? '', 36)
  const emrDeed = firstTime(
    planned([...MLLP_DEEDS, 'AE', 'CE']),
    (control) => numbers.get(emrPosition(control)) ?? -1,
  )
  const emr = await receiver(
    (_, control) => (emrPosition(control) === poison ? 'AR' : (emrDeed(control) ?? 'AA')),
    1_500,
  )
  atEnd(() => emr.close())
  const fronts = {
    lab: await tlsFront(lab.port, TLS_FAILURES),
    ehr: await tlsFront(Number(new URL(ehr.url).port), TLS_FAILURES),
    emr: await tlsFront(emr.port, TLS_FAILURES),
  }
  for (const front of Object.values(fronts)) atEnd(() => front.close())
  const [labUrl, ehrUrl] = [
    `https://localhost:${fronts.lab.port}/hook`,
    `https://localhost:${fronts.ehr.port}/fhir`,
  ]

  const config = join(temporary(), 'config.yaml')
  const since = 'since: 2020-01-01, testMessages: true'
  writeFileSync(
    config,
    `source: simulator
http: { listen: none }
hl7:
  destinations:
    - { name: emr, host: localhost, port: ${fronts.emr.port}, tls: { ca: '${fronts.emr.ca}' }, ackSeconds: 1, ${since} }
    - { name: gone, host: 127.0.0.1, port: 1, ${since} }
    - { name: deaf, host: 127.0.0.1, port: ${await deafServer()}, ${since} }
delivery:
  fhir:
    - { name: ehr, url: '${ehrUrl}', tls: { ca: '${fronts.ehr.ca}' }, timeoutSeconds: 1, ${since} }
  webhooks:
    - { name: lab, url: '${labUrl}', tls: { ca: '${fronts.lab.ca}' }, timeoutSeconds: 1, secretFiles: ['${fileOf(SECRET)}'], ${since} }
`,
  )
  mkdirSync(join(state, 'delivery'), { recursive: true })
  const args = ['serve', '--serial', 'tcp://127.0.0.1:1', '--config', config, '--state-dir', state]
  const atLab = new Set<number>()
  let looked = 0
  const got = () => {
    for (; looked < lab.seen.length; looked += 1) atLab.add(lab.seen[looked]?.position as number)
    // The one that the EHR will never take is not among what it has carried out.
    return [atLab.size, ehr.order.length + 1, emr.first.size]
  }
  for (let kills = 0; ; kills += 1) {
    const bridge = start(args)
    const until = kills < KILLS ? (MESSAGES * (kills + 0.6)) / (KILLS + 1) : MESSAGES
    const least = kills < KILLS ? Math.max : Math.min
    while (least(...got()) < until) {
      if (bridge.child.exitCode !== null) throw new Error(bridge.err())
      await setTimeout(20)
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
  expect(ehr.order.map(ehrPosition)).toEqual(taken)
  const reports = [...ehr.store].filter((key) => /^DiagnosticReport .*\d$/.test(key))
  expect(reports.length).toBe(MESSAGES - 1)
  expect([...emr.first].map(emrPosition)).toEqual(positions)
  // Every kind of failure of TLS was met by each, and nothing was sent over it.
  for (const { faults, wrong } of Object.values(fronts)) {
    expect(faults.slice(0, TLS_FAULTS.length)).toEqual(TLS_FAULTS)
    expect(wrong).toEqual([])
  }

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
    `emr ${poison}`,
    `lab ${poison}`,
  ])
})

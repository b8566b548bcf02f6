// Where a log comes from, seen from outside a real bridge: renamed under it, put back from yesterday's copy,
// gone on with on two computers. Each is told, whoever followed the old log is told to begin anew, and no id
// of REST, FHIR or HL7 ever names two readings. tests/audit/origin.test.ts has every way it can happen.
import { cpSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import {
  ask,
  endAll,
  eventually,
  lifted,
  run,
  type Served,
  type Sim,
  serve,
  sim,
  stop,
  temporary,
  token,
} from './programs.ts'
import { receiver } from './receiver.ts'

const MS = 60_000
const closing: (() => void)[] = []
afterAll(async () => {
  for (const close of closing) close()
  await endAll()
})

interface Wands {
  readonly audit: { readonly log: string; readonly position: number; readonly sentence: string }
  readonly wands: {
    readonly session: { readonly endedAt: string | null; readonly state: string }
  }[]
}
interface Reading {
  readonly id: string
  readonly readAt: string
  readonly reservoir: { readonly reportedVolume: { readonly value: number } }
}
interface Bundle {
  readonly entry?: { readonly resource: { readonly id: string } & Record<string, unknown> }[]
}

it('a log that is not the one it was is told, and no id names two readings', {
  timeout: 300_000,
}, async () => {
  const [pump, other, mllp] = [await sim('tcp'), await sim('tcp', '--seed', '7'), await receiver()]
  closing.push(mllp.close)
  const [state, aside] = [temporary(), temporary()]
  const config = join(aside, 'config.yaml')
  const hl7 = `{ name: emr, host: 127.0.0.1, port: ${mllp.port}, testMessages: true }`
  writeFileSync(config, `source: simulator\nhl7:\n  destinations:\n    - ${hl7}\n`)
  const bearer = await token(state)
  const open = (port: string, dir: string) =>
    serve([port], { state: dir, more: ['--config', config] })
  const wands = (served: Served) => ask<Wands>(served, bearer, '/api/v1/wands')

  /** By id: all that was ever told under it. */
  const named = new Map<string, Set<string>>()
  const note = (id: string, what: unknown) =>
    named.set(id, (named.get(id) ?? new Set()).add(JSON.stringify(what)))
  const collect = async (served: Served) => {
    const { pumps } = await ask<{ pumps: { pump: { id: string } }[] }>(
      ...[served, bearer, '/api/v1/pumps'],
    )
    for (const { pump: one } of pumps) {
      const path = `/api/v1/pumps/${one.id}/interrogations`
      const { interrogations } = await ask<{ interrogations: Reading[] }>(served, bearer, path)
      for (const { id, readAt } of interrogations) note(`REST ${id}`, [one.id, readAt])
    }
    const found = await ask<Bundle>(served, bearer, '/fhir/R4/Observation?_count=200')
    for (const { resource } of found.entry ?? []) {
      const { id, issued, effectiveDateTime, valueQuantity, subject } = resource
      note(`FHIR ${id}`, [issued, effectiveDateTime, valueQuantity, subject])
    }
  }
  /** Placed anew, read and closed. */
  const visit = async (served: Served, wand: Sim) => {
    const session = async () => (await wands(served)).wands[0]?.session
    await lifted(wand, served, bearer)
    await wand.command({ do: 'advance', hours: 5 })
    // Lifted in the middle of a reading it may have been placed again in the same session.
    const placed = new Date().toISOString()
    await wand.command({ do: 'place' })
    for (const end = performance.now() + MS; ; ) {
      const now = await session()
      if (now?.state === 'closed' && (now.endedAt ?? '') > placed) break
      if (performance.now() > end) throw new Error(`no visit: ${JSON.stringify(now)}`)
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    await collect(served)
    return wands(served)
  }
  /** What whoever comes back after this one is told: that it goes on, or why it has to begin anew. */
  const resumed = async (served: Served, id: string) => {
    const headers = ['-H', `Authorization: Bearer ${bearer}`, '-H', `Last-Event-ID: ${id}`]
    const curl = run('curl', ['-sN', ...headers, `${served.url}/api/v1/events`])
    const reset = () => /event: reset\ndata: .*"reason":"(\w+)"/.exec(curl.out())?.[1]
    await eventually(
      () => reset() ?? curl.out(),
      (text) => reset() !== undefined || /event: (status|snapshot)\n/.test(text),
      10_000,
    )
    // On a slow disk what is live comes first.
    await new Promise((resolve) => setTimeout(resolve, reset() === undefined ? 2_000 : 0))
    curl.child.kill()
    return reset() ?? 'goes on'
  }
  const log = async (served: Served) => (await wands(served)).audit.log

  let served = await open(pump.port, state)
  const first = (await visit(served, pump)).audit
  await stop(served.bridge)
  cpSync(join(state, 'audit'), join(aside, 'yesterday'), { recursive: true })

  served = await open(pump.port, state)
  const second = (await visit(served, pump)).audit
  expect(second.log).toBe(first.log)
  const cursor = `${second.log}.${second.position}`
  expect(await resumed(served, cursor)).toBe('goes on')

  // Renamed under the running bridge: the next record is in another log, and everybody is told.
  const following = run('curl', [
    ...['-sN', '-H', `Authorization: Bearer ${bearer}`, `${served.url}/api/v1/events`],
  ])
  await eventually(following.out, (text) => text.includes('event: snapshot'), 10_000)
  renameSync(join(state, 'audit', first.log), join(aside, 'renamed'))
  const third = (await visit(served, pump)).audit
  expect(third.log).not.toBe(first.log)
  expect(third.sentence).toContain(first.log)
  expect(following.out()).toMatch(/event: reset\ndata: .*"reason":"unknown"/)
  const renamed = JSON.parse(/event: reset\ndata: (.*)/.exec(following.out())?.[1] ?? '{}')
  expect(renamed).toMatchObject({ log: third.log })
  expect(await resumed(served, cursor)).toBe('unknown')
  await stop(served.bridge)

  // Yesterday's copy in its place.
  rmSync(join(state, 'audit'), { recursive: true })
  cpSync(join(aside, 'yesterday'), join(state, 'audit'), { recursive: true })
  served = await open(pump.port, state)
  const fourth = (await visit(served, pump)).audit
  expect([first.log, third.log]).not.toContain(fourth.log)
  expect(fourth.sentence).toContain(first.log)
  for (const id of [cursor, `${third.log}.${third.position}`]) {
    expect(await resumed(served, id)).toBe('unknown')
  }
  await stop(served.bridge)

  // Gone on with on two computers at once.
  const copy = temporary()
  cpSync(state, copy, { recursive: true })
  const both = [await open(pump.port, state), await open(other.port, copy)] as const
  const fifth = await Promise.all([visit(both[0], pump), visit(both[1], other)])
  expect(fifth[0].audit.log).toBe(fourth.log)
  expect([first.log, third.log, fourth.log]).not.toContain(fifth[1].audit.log)
  expect(await log(both[1])).toBe(fifth[1].audit.log)
  const sent = () => new Set(mllp.got.map((text) => text.split('|')[9])).size
  await eventually(sent, (n) => n >= 6, 20_000)
  for (const { bridge } of both) await stop(bridge)

  for (const text of mllp.got) note(`HL7 ${text.split('|')[9]}`, text)
  const twice = [...named].filter(([, what]) => what.size > 1)
  expect(twice).toEqual([])
  for (const surface of ['REST', 'FHIR', 'HL7']) {
    expect([...named.keys()].filter((id) => id.startsWith(surface)).length).toBeGreaterThan(5)
  }
  expect(readdirSync(join(copy, 'audit')).length).toBeGreaterThan(0)
})

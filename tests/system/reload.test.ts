// The configuration of a running bridge is read again while a pump is read: what can be used is used, what cannot is
// named, what is wrong changes nothing, and the session goes on through all of it.
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { endAll, eventually, sim, start, stop, temporary } from './programs.ts'

afterAll(endAll)

/** A port that is free now. */
const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(address && typeof address === 'object' ? address.port : 0))
    })
  })

it('uses what it can, names what it cannot, and holds the session', {
  timeout: 120_000,
}, async () => {
  const pump = await sim('tcp')
  const another = await sim('tcp', '--seed', '2')
  const state = temporary()
  const file = join(temporary(), 'wandbridge.yaml')
  const [first, second] = [await freePort(), await freePort()]
  const write = (listen: number, more = '', serial = pump.port) =>
    writeFileSync(
      file,
      `source: simulator\nserial: [${serial}]\nlog: { format: json }\nhttp: { listen: '127.0.0.1:${listen}' }\n${more}`,
    )
  write(first, 'policy: continuous\n')
  const bridge = start(['serve', '--config', file, '--state-dir', state])
  const lines = () =>
    bridge
      .err()
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, string>)
  const texts = () => lines().map(({ text = '' }) => text)
  await eventually(texts, (all) => all.some((text) => text.startsWith('Reading finished')), 40_000)
  const reload = async () => {
    const program = start(['config', 'reload', '--state-dir', state])
    return { code: await program.exit, text: program.out() + program.err() }
  }
  const answers = (port: number) =>
    fetch(`http://127.0.0.1:${port}/healthz`).then(
      (reply) => reply.ok,
      () => false,
    )

  // Another address, a destination that nobody answers, another language, one wand more, and what wants a restart.
  const webhook =
    "delivery: { webhooks: [{ name: none, url: 'http://127.0.0.1:9/', secretFiles: [/none], testMessages: true }] }\n"
  const both = `${pump.port}, ${another.port}`
  const more = 'policy: manual\nlocale: en-GB\naudit: { keepDays: 400 }\n'
  write(second, `${more}${webhook}`, both)
  expect(await reload()).toEqual({
    code: 0,
    text: 'In use now: serial, audit.keepDays, http, delivery, locale.\nRestart needed for: policy. Until then as before.\n',
  })
  expect([await answers(first), await answers(second)]).toEqual([false, true])
  const told = start(['delivery', 'status', '--state-dir', state])
  await told.exit
  expect(told.out()).toContain('none')

  // The wand that came is read as the others are, and the log says that it is.
  const sessions = () => texts().filter((text) => text.startsWith('Session open'))
  await eventually(sessions, (all) => all.length === 2, 40_000)
  const entries = start(['audit', 'show', '--json', '--state-dir', state])
  await entries.exit
  const recorded = entries.json().filter(({ kind }) => kind === 'configuration')
  expect(recorded.map(({ body }) => (body as { settings: object }).settings)).toMatchObject([
    { ports: [pump.port] },
    { ports: [pump.port, another.port], policy: 'continuous' },
  ])

  // By signal, and nothing new but the destination that is gone.
  write(second, more, both)
  bridge.child.kill('SIGHUP')
  await eventually(texts, (all) => all.some((text) => text === 'In use now: delivery.'), 10_000)

  // Wrong in itself, and what cannot be listened on.
  write(second, 'polcy: manual\n')
  expect(await reload()).toMatchObject({ code: 1, text: expect.stringContaining('polcy') })
  write(second, "policy: manual\nzone: 'UTC'\n")
  writeFileSync(
    file,
    `source: simulator\nserial: [${pump.port}]\nlog: { format: json }\nhttp: { listen: '203.0.113.1:1' }\n`,
  )
  expect((await reload()).code).toBe(1)
  expect(await answers(second)).toBe(true)

  // All the while one session, open still; it is closed at the end.
  const ended = lines().filter(({ about }) => about === 'session' || about === 'reading')
  expect(ended).toEqual([])
  expect(sessions()).toHaveLength(2)
  expect(await stop(bridge)).toBe(0)
})

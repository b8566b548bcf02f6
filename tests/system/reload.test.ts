// The configuration of a running bridge is read again while a pump is read: what can be used is used, what cannot is
// named, what is wrong changes nothing, and the session goes on through all of it.
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { VirtualEnv } from '../../src/base/env.ts'
import { Journal } from '../../src/base/journal.ts'
import { settings } from '../../src/cli/options.ts'
import { reloader } from '../../src/cli/reload.ts'
import { PartGone } from '../../src/host/part.ts'
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
  const state = temporary()
  const file = join(temporary(), 'wandbridge.yaml')
  const [first, second] = [await freePort(), await freePort()]
  const write = (listen: number, more = '') =>
    writeFileSync(
      file,
      `source: simulator\nserial: [${pump.port}]\nlog: { format: json }\nhttp: { listen: '127.0.0.1:${listen}' }\n${more}`,
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

  // Another address, a destination that nobody answers, and what wants a restart.
  const webhook =
    "delivery: { webhooks: [{ name: none, url: 'http://127.0.0.1:9/', secretFiles: [/none], testMessages: true }] }\n"
  write(second, `policy: manual\n${webhook}`)
  expect(await reload()).toEqual({
    code: 0,
    text: 'In use now: http, delivery.\nRestart needed for: policy. Until then as before.\n',
  })
  expect([await answers(first), await answers(second)]).toEqual([false, true])
  const told = start(['delivery', 'status', '--state-dir', state])
  await told.exit
  expect(told.out()).toContain('none')

  // By signal, and nothing new but the destination that is gone.
  write(second, 'policy: manual\n')
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
  const sessions = lines().filter(({ about }) => about === 'session' || about === 'reading')
  expect(sessions).toEqual([])
  expect(texts().filter((text) => text.startsWith('Session open'))).toHaveLength(1)
  expect(await stop(bridge)).toBe(0)
})

it('uses each section for itself, and says what runs and what does not', async () => {
  const config = join(temporary(), 'wandbridge.yaml')
  const before = "http: { listen: '127.0.0.1:1' }\n"
  const table = 'patients: { file: /t.csv, system: urn:x }\n'
  const hook =
    "delivery: { webhooks: [{ name: a, url: 'http://127.0.0.1:9/', secretFiles: [/x] }] }\n"
  writeFileSync(config, before)
  const wrong = new Map<string, Error>()
  const done: string[] = []
  const reconfigure = async (next: object) => {
    for (const part of Object.keys(next)) {
      const error = wrong.get(part)
      if (error) throw error
      done.push(part)
    }
  }
  const lines: string[] = []
  const journal = new Journal({
    ...{ env: new VirtualEnv(), systemd: false, format: 'text', level: 'info' },
    write: (line) => void lines.push(line),
  })
  const flags = { config }
  const reload = reloader(flags, settings(flags), journal, () => ({ reconfigure }))

  wrong.set('patients', new PartGone('No table.')).set('http', new Error('Taken.'))
  writeFileSync(config, `http: { listen: '127.0.0.1:2' }\n${table}${hook}`)
  await expect(reload()).rejects.toThrow(
    'patients: No table.\nhttp: Taken.\nIn use now: delivery.\nAs before: http.\nDoes not run now: patients. ',
  )
  expect(lines.at(-1)).toContain('error: patients: No table. http: Taken. In use now: delivery.')
  expect(done.splice(0)).toEqual(['delivery'])

  // As it was at the start: the destination goes again, and the table, which does not run, is begun.
  wrong.clear()
  writeFileSync(config, before)
  await expect(reload()).resolves.toEqual({ applied: ['delivery', 'patients'], restart: [] })
  expect(done.splice(0)).toEqual(['delivery', 'patients'])
  await expect(reload()).resolves.toEqual({ applied: [], restart: [] })

  writeFileSync(config, "http: { listen: '127.0.0.1' }\n")
  await expect(reload()).rejects.toThrow(/is not HOST:PORT.*\nNothing has changed\.$/)
})

// A bridge that has twenty file descriptors left, and somebody who takes them: the pump is read and recorded
// as before, the interface answers again when they are free, and the session is closed at the end.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { endAll, eventually, sim, start, temporary } from './programs.ts'

afterEach(endAll)
const PRLIMIT = '/usr/bin/prlimit'

it('a bridge with twenty file descriptors left goes on, and closes its session', {
  timeout: 120_000,
}, async ({ skip }) => {
  skip(!existsSync(PRLIMIT), 'prlimit is not installed')
  const { port } = await sim('pty')
  const where = ['--serial', port, '--state-dir', join(temporary(), 'state')]
  const serve = ['serve', '--source', 'simulator', '--policy', 'continuous']
  const bridge = start([...serve, ...where, '--listen', '127.0.0.1:0'])
  await eventually(
    () => `${bridge.out()}${bridge.err()}`,
    (text) => /http:\/\/127\.0\.0\.1:\d+/.test(text),
    30_000,
  )
  const [url = '', at] = /http:\/\/127\.0\.0\.1:(\d+)/.exec(`${bridge.out()}${bridge.err()}`) ?? []
  const last = Math.max(...readdirSync(`/proc/${bridge.child.pid}/fd`).map(Number))
  execFileSync(PRLIMIT, ['--pid', String(bridge.child.pid), `--nofile=${last + 1 + 20}`])
  const held = Array.from({ length: 100 }, () =>
    connect(Number(at), '127.0.0.1').on('error', () => {}),
  )
  await setTimeout(6_000)
  expect(bridge.child.exitCode).toBeNull()
  for (const socket of held) socket.destroy()
  const healthy = () =>
    fetch(`${url}/healthz`).then(
      (reply) => reply.status,
      () => 0,
    )
  let status = 0
  for (let i = 0; i < 100 && status !== 200; i += 1) {
    status = await healthy()
    await setTimeout(100)
  }
  expect(status).toBe(200)
  bridge.child.kill('SIGTERM')
  expect(await bridge.exit).toBe(0)
  const after = start(['status', '--source', 'simulator', '--json', ...where])
  expect(await after.exit).toBe(0)
  expect(after.json()[0]).toMatchObject({ wand: { lastSessionEnd: 'closed' } })
  const verified = start(['audit', 'verify', ...where.slice(2)])
  expect(await verified.exit).toBe(0)
})

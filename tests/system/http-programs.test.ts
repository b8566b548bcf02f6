// The HTTP surface of real bridges beside other programs: where it cannot listen, promtool, the line for curl that
// the demo prints.
import { execFileSync, spawnSync } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, describe, expect, it } from 'vitest'
import { check } from '../http/contract.ts'
import { endAll, eventually, printed, serve, sim, start, temporary, token } from './programs.ts'

const CI = process.env['CI'] === 'true'
const MS = 120_000

afterAll(endAll)

describe.concurrent('rights', () => {
  it('are asked for by port and address in good sentences', { timeout: MS }, async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    const { port } = taken.address() as AddressInfo
    const cases: [string[], string][] = [
      [['--listen', `127.0.0.1:${port}`], 'is taken by another program'],
      [['--listen', '0.0.0.0:0'], 'clear text'],
      [['--listen', 'nonsense'], 'HOST:PORT'],
      [['--listen', '127.0.0.1:99999'], 'HOST:PORT'],
    ]
    for (const [args, says] of cases) {
      const bridge = start(['serve', '--serial', '/dev/none', '--state-dir', temporary(), ...args])
      expect([says, await bridge.exit]).toEqual([says, 2])
      expect(bridge.err()).toContain(says)
    }
    taken.close()
    const nobody = start(['open', '--print', '--state-dir', temporary()])
    expect(await nobody.exit).toBe(1)
    expect(nobody.err()).toContain('wandbridge serve')
  })
})

describe.concurrent('programs of others', () => {
  it('promtool has nothing to say against the metrics', { timeout: MS }, async ({ skip }) => {
    skip(spawnSync('promtool', ['--version']).status !== 0 && !CI, 'promtool is not installed')
    const pump = await sim('pty')
    const state = temporary()
    const bearer = await token(state)
    const { bridge, url } = await serve([pump.port], { state, policy: 'continuous' })
    await eventually(bridge.err, (text) => text.includes('Session kept open'), 40_000)
    const reply = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${bearer}` } })
    const input = await reply.text()
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input,
      encoding: 'utf8',
    })
    expect({ status, said: `${stdout}${stderr}` }).toEqual({ status: 0, said: '' })
    expect(input).not.toMatch(/SIM-0001|SIMW|\/tmp\//)
  })

  it('the line that the demo prints works as it stands', { timeout: MS }, async () => {
    const state = temporary()
    const demo = start(['demo', '--port', '0', '--state-dir', state])
    await eventually(
      () => demo.out(),
      (text) => text.includes('LIVE'),
      40_000,
    )
    const line = /curl .*\\\n.*\/api\/v1\/pumps/.exec(demo.out())?.[0] ?? ''
    const pumps = JSON.parse(
      execFileSync('sh', ['-c', line], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    )
    check('Pumps', pumps)
    expect(pumps.pumps[0]).toMatchObject({ source: 'simulator' })
    // Of no use for anything else, and written nowhere.
    expect(await printed('token', 'list', '--state-dir', state)).toContain('no tokens')
    demo.child.kill('SIGTERM')
    expect(await demo.exit).toBe(0)
  })
})

// A monitor of another make (golang.org/x/mod/sumdb, tests/oracles/tiles) follows the log of a running
// bridge over HTTP, record by record, and notices when what it is given did not only grow.
import { execFileSync } from 'node:child_process'
import { request as ask, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { hasOracle } from '../audit/oracle.ts'
import { endAll, eventually, MAIN, type Program, run, sim, start, temporary } from './programs.ts'

afterAll(endAll)
const MS = 120_000

const monitor = (prefix: string, key: string, token: string): Program =>
  run(
    'go',
    [
      'run',
      fileURLToPath(new URL('../oracles/tiles/main.go', import.meta.url)),
      prefix,
      key,
      token,
    ],
    {
      ...{ GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOFLAGS: '' },
    },
  )

async function look(program: Program): Promise<Record<string, unknown>> {
  const before = program.json().length
  program.say({})
  await eventually(
    () => program.json().length,
    (n) => n > before,
    30_000,
  )
  return program.json()[before] ?? {}
}

describe('a monitor of another make', () => {
  it(
    'follows and verifies the log of a running bridge, and sees a fork',
    async ({ skip }) => {
      skip(!hasOracle(), 'golang.org/x/mod is not installed')
      const state = temporary()
      const wand = await sim('tcp', '--seed', '3')
      const args = ['--source', 'simulator', '--serial', wand.port, '--state-dir', state]
      const bridge = start(['serve', '--listen', '127.0.0.1:0', '--policy', 'continuous', ...args])
      await eventually(
        () => bridge.err(),
        (text) => text.includes('Verifier key'),
        20_000,
      )
      const [url = ''] = /http:\/\/[^,\s]+/.exec(bridge.err()) ?? []
      const [key = ''] = /wandbridge\/\S+\+[0-9a-f]{8}\+\S+/.exec(bridge.err()) ?? []
      const [log = ''] = /simulator-\d+-[0-9a-f]{8}/.exec(key) ?? []
      const scope = ['--source', 'simulator', '--scope', 'status,audit', '--state-dir', state]
      const token = execFileSync(process.execPath, [MAIN, 'token', 'create', ...scope], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim()
      const prefix = `${url}/api/v1/audit/${log}`
      const one = monitor(prefix, key, token)
      const first = await look(one)
      expect(first).toMatchObject({ ok: true })
      const size = Number(first['size'])
      // It grows by what is read, and by the monitor's own reading.
      let last = first
      for (let i = 0; i < 5 && Number(last['size']) < size + 3; i += 1) {
        await new Promise((resolve) => setTimeout(resolve, 1_000))
        last = await look(one)
        expect(last).toMatchObject({ ok: true })
      }
      expect(Number(last['size'])).toBeGreaterThanOrEqual(size + 3)
      expect(one.json().reduce((n, { entries }) => n + Number(entries), 0)).toBe(last['size'])
      // Somebody between them changes one bit of whatever is fetched.
      let spoil = ''
      const liar = createServer((asked, reply) => {
        const { authorization = '' } = asked.headers
        const onward = ask(`${url}${asked.url}`, { headers: { authorization } }, (got) => {
          reply.writeHead(got.statusCode ?? 500)
          got.on('data', (bytes: Buffer) => {
            if (spoil !== '' && asked.url?.includes(spoil)) bytes[40] = (bytes[40] ?? 0) ^ 1
            reply.write(bytes)
          })
          got.on('end', () => reply.end())
        })
        onward.end()
      })
      await new Promise<void>((resolve) => liar.listen(0, '127.0.0.1', resolve))
      try {
        const { port } = liar.address() as AddressInfo
        const through = `http://127.0.0.1:${port}/api/v1/audit/${log}`
        for (const what of ['/checkpoint', '/tile/0/', '/tile/entries/', '']) {
          const other = monitor(through, key, token)
          spoil = what
          expect([what, (await look(other))['ok']]).toEqual([what, what === ''])
          other.child.stdin?.end()
        }
      } finally {
        liar.close()
        liar.closeAllConnections()
      }
      bridge.child.kill('SIGTERM')
      expect(await bridge.exit).toBe(0)
    },
    MS,
  )
})

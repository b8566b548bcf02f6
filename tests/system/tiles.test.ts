// A monitor of another make (golang.org/x/mod/sumdb, tests/oracles/tiles) follows the log of a running
// bridge over HTTP, record by record, and notices when what it is given did not only grow.
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request as ask, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { cosigningKey } from '../../src/audit/format/cosignature.ts'
import { newKey } from '../../src/audit/log/keys.ts'
import { systemEnv } from '../../src/base/env.ts'
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

const text = async (url: string) => {
  const reply = await fetch(url)
  return { status: reply.status, text: await reply.text() }
}

describe('witnesses as programs', () => {
  it(
    'cosign the log of a running bridge, which verify asks for; a fork is told on every surface',
    async () => {
      // One real witness, and one that has seen another log.
      let refusal = 422
      const refuses = createServer((asked, reply) => {
        asked.resume()
        reply.writeHead(refusal).end('not this one')
      })
      await new Promise<void>((resolve) => refuses.listen(0, '127.0.0.1', resolve))
      const { port } = refuses.address() as AddressInfo
      const { witness: stranger } = cosigningKey('witness.example/x', newKey(systemEnv()))
      const [state, home] = [temporary(), temporary()]
      const wand = await sim('tcp', '--seed', '4')
      const witness = start(['witness', '--listen', '127.0.0.1:0', '--state-dir', home])
      const ready = (program: Program, what: string) =>
        eventually(
          () => program.err(),
          (said) => said.includes(what),
          20_000,
        )
      await ready(witness, 'Logs whose keys')
      const [, where = ''] = /ready on (\S+?)\. /.exec(witness.err()) ?? []
      const [key = ''] = /wandbridge-witness\/\S+/.exec(witness.err()) ?? []
      const config = (all: readonly object[]) => {
        const file = join(state, 'config.yaml')
        writeFileSync(file, JSON.stringify({ audit: { witnesses: all } }))
        return file
      }
      const bridge = (all: readonly object[]) =>
        start([
          ...['serve', '--config', config(all), '--listen', '127.0.0.1:0', '--source', 'simulator'],
          ...['--policy', 'continuous', '--serial', wand.port, '--state-dir', state],
        ])
      const first = bridge([{ url: where, key }])
      await ready(first, 'was not given the key')
      const [own = ''] = /wandbridge\/\S+\+[0-9a-f]{8}\+\S+/.exec(first.err()) ?? []
      const verified = (...args: string[]) =>
        spawnSync(process.execPath, [MAIN, 'audit', 'verify', '--state-dir', state, ...args], {
          encoding: 'utf8',
        })
      // It was never shown the log: neither change nor loss is claimed.
      const never = verified('--witness', key)
      expect(never.status).toBe(1)
      expect(never.stderr).toContain('Consistent, not authenticated')
      expect(never.stderr).not.toMatch(/Not intact|was changed/)
      writeFileSync(join(home, 'logs'), `${own}\n`)
      await eventually(
        () => verified('--witness', key).status,
        (status) => status === 0,
        30_000,
      )
      expect(verified('--witness', key).stdout).toContain('vouched for by the witness')
      expect(verified('--witness', stranger.text).status).toBe(1)
      expect(verified('--witness', own).status).toBe(2)
      first.child.kill('SIGTERM')
      expect(await first.exit).toBe(0)
      // The last records, too, were sent.
      expect(verified('--witness', key).stdout).toContain('intact and vouched for by the witness.')
      const json = JSON.parse(verified('--witness', key, '--json').stdout)
      const { records } = json.logs[0]
      expect(json.logs[0]).toMatchObject({ cosigned: records, unvouched: 0, refused: [] })
      expect(json.logs[0].witnesses).toMatchObject([{ size: records, at: expect.any(Number) }])
      // An older copy put back with what was beside it is found by asking the witness.
      const origin = createHash('sha256')
        .update(own.slice(0, own.indexOf('+')))
        .digest('hex')
      const note = join(home, 'asked')
      writeFileSync(note, (await text(`${where}/${origin}/checkpoint`)).text)
      const known = verified('--witness', key, '--since', note)
      expect(known.status).toBe(0)
      expect(known.stdout).not.toContain('would say the same')
      const [log = ''] = /simulator-\d+-[0-9a-f]{8}/.exec(own) ?? []
      const segment = join(state, 'audit', log, '00000001.jsonl')
      const whole = readFileSync(segment)
      const lines = whole
        .subarray(0, whole.lastIndexOf('\n{"action"') + 1)
        .toString()
        .split(/(?<=\n)/)
      const cut = lines.slice(
        0,
        lines.findLastIndex((line) => line.startsWith('{"checkpoint"')) + 1,
      )
      writeFileSync(segment, cut.join(''))
      rmSync(join(state, 'audit', `${log}.witnesses`))
      const older = verified('--witness', key, '--since', note)
      expect(older.status).toBe(1)
      expect(older.stderr).toContain('the end is missing')
      writeFileSync(segment, whole)
      const second = bridge([
        { url: where, key },
        { url: `http://127.0.0.1:${port}`, key: stranger.text },
      ])
      await ready(second, 'has seen another audit log of this name')
      const [url = ''] = /http:\/\/[^,\s]+/.exec(second.err()) ?? []
      const readiness = await text(`${url}/readyz`)
      expect(readiness.status).toBe(503)
      expect(JSON.parse(readiness.text)).toMatchObject({ ok: false, code: 'witness.fork' })
      second.child.kill('SIGTERM')
      expect(await second.exit).toBe(5)
      const shown = spawnSync(
        process.execPath,
        [MAIN, 'audit', 'show', '--kind', 'witness', '--state-dir', state],
        { encoding: 'utf8' },
      )
      expect(shown.stdout).toContain('witness.example/x refused the log')
      // What was refused is told until somebody accepts it.
      const told = verified()
      expect(told.status).toBe(1)
      expect(told.stderr).toContain('Witness witness.example/x refused audit log')
      expect(told.stderr).not.toContain('was changed')
      const accept = ['audit', 'accept', '--reason', 'a test', '--state-dir', state]
      const accepted = spawnSync(process.execPath, [MAIN, ...accept], { encoding: 'utf8' })
      expect(accepted.stdout).toContain(`Accepted: ${log}.`)
      expect(verified()).toMatchObject({ status: 0 })
      expect(verified('--witness', key, '--since', note)).toMatchObject({ status: 0 })
      // It is there again at the very end, and refuses the last checkpoint of all: that is told then and kept.
      refusal = 500
      const third = bridge([{ url: `http://127.0.0.1:${port}`, key: stranger.text }])
      await ready(third, 'Verifier key')
      expect(third.err()).not.toContain('has seen another')
      refusal = 422
      third.child.kill('SIGTERM')
      expect(await third.exit).toBe(5)
      expect(third.err()).toContain('has seen another audit log of this name')
      const end = JSON.parse(verified('--json').stdout)
      expect(end.logs[0]).toMatchObject({ intact: true, refused: [{ code: 'fork' }] })
      expect(verified()).toMatchObject({ status: 1 })
      // The next one goes on behind the `stop` that followed.
      const wrote = readFileSync(segment, 'utf8').trimEnd().split('\n')
      expect(wrote.slice(-4).map((line) => /"kind":"([^"]+)"/.exec(line)?.[1] ?? '')).toEqual([
        ...['witness', '', 'stop', ''],
      ])
      witness.child.kill('SIGTERM')
      expect(await witness.exit).toBe(0)
      refuses.close()
      refuses.closeAllConnections()
    },
    MS,
  )
})

describe('a monitor of another make', () => {
  it(
    'follows and verifies the log of a running bridge over changes of its key, and sees a fork',
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
      // The key is changed twice while it does not look; whoever knows the first one learns the others.
      for (const reason of ['yearly', 'yearly, again']) {
        const rotate = ['audit', 'rotate', '--reason', reason, '--state-dir', state]
        execFileSync(process.execPath, [MAIN, ...rotate], { stdio: 'ignore' })
      }
      expect(await look(one)).toMatchObject({ ok: true, keys: 3 })
      const later = monitor(prefix, key, token)
      expect(await look(later)).toMatchObject({ ok: true, keys: 3 })
      later.child.stdin?.end()
      // Somebody between them changes one bit of whatever is fetched.
      let spoil = ''
      const liar = createServer((asked, reply) => {
        const { authorization = '' } = asked.headers
        const onward = ask(`${url}${asked.url}`, { headers: { authorization } }, (got) => {
          reply.writeHead(got.statusCode ?? 500)
          got.on('data', (bytes: Buffer) => {
            const at = spoil === '/key-changes' ? 240 : 40
            if (spoil !== '' && asked.url?.includes(spoil)) bytes[at] = (bytes[at] ?? 0) ^ 1
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
        for (const what of ['/checkpoint', '/key-changes', '/tile/0/', '/tile/entries/', '']) {
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

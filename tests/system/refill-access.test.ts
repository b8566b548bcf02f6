// Who may send what to the worksheet's page: one kind of POST, from itself, and nothing else; and the
// practice refill.
import { request } from 'node:http'
import { afterAll, describe, expect, it } from 'vitest'
import { ask as askBridge } from '../../src/control/client.ts'
import { endAll, eventually, start, temporary } from './programs.ts'
import { ready, worksheet, world } from './refill-world.ts'

const MS = 240_000

afterAll(endAll)

interface Asked {
  readonly status: number
  readonly allow: string | undefined
  readonly body: string
}

function ask(
  url: string,
  method: string,
  headers: Readonly<Record<string, string>> = {},
  body = '',
): Promise<Asked> {
  return new Promise((done, failed) => {
    const length = body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const options = { method, headers: { ...headers, ...length }, agent: false }
    const asking = request(url, options, (reply) => {
      let text = ''
      reply.setEncoding('utf8').on('data', (more: string) => {
        text += more
      })
      reply.on('end', () =>
        done({ status: reply.statusCode ?? 0, allow: reply.headers.allow, body: text }),
      )
    })
    asking.on('error', (error) => failed(new Error(`${method} ${url}: ${error.message}`)))
    asking.end(body)
  })
}

describe('the page of the worksheet', () => {
  it('takes one kind of POST, from itself, and nothing else', { timeout: MS }, async () => {
    // No bridge runs: it has its own.
    const here = await ready()
    const { url, link } = await worksheet(here, '--source', 'simulator', '--serial', here.pump.port)
    const host = new URL(url).host
    const entered = await fetch(await link(), { redirect: 'manual' })
    const cookie = (entered.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
    expect(entered.headers.get('set-cookie')).toMatch(/; HttpOnly; SameSite=Strict$/)
    expect(cookie).toContain(`wandbridge-refill-${new URL(url).port}=`)
    const csp = (await fetch(url, { headers: { cookie } })).headers.get('content-security-policy')
    expect(csp).not.toMatch(/unsafe|\*|https?:/)

    const type = 'application/x-www-form-urlencoded'
    const own = { cookie, origin: url, 'content-type': type }
    const form = 'sheet=20261124-1400-0a1b&step=identity&card=9999'
    const status = async (path: string, method: string, headers = {}, body = '') =>
      (await ask(`${url}${path}`, method, headers, body)).status

    const paths = [
      '/',
      '/worksheet',
      '/sheet/x',
      '/sheet/x/print',
      '/open/x',
      '/worksheet.js',
      '/none',
    ]
    for (const path of paths) {
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND']) {
        if (method === 'POST' && path === '/worksheet') continue
        const refused = await ask(`${url}${path}`, method, own, method === 'TRACE' ? '' : form)
        expect([method, path, refused.status]).toEqual([method, path, 405])
        expect(refused.allow).toBe('GET, HEAD')
      }
    }
    // It reaches the form's own words only as the page itself sends it.
    expect(await status('/worksheet', 'POST', own, form)).toBe(422)
    const { origin: _origin, ...silent } = own
    expect(await status('/worksheet', 'POST', silent, form)).toBe(403)
    for (const origin of [
      'http://evil.example',
      'null',
      `http://127.0.0.1:1`,
      url.replace('http', 'https'),
    ]) {
      expect(await status('/worksheet', 'POST', { ...own, origin }, form)).toBe(403)
    }
    for (const site of ['cross-site', 'same-site', 'none']) {
      expect(await status('/worksheet', 'POST', { ...own, 'sec-fetch-site': site }, form)).toBe(403)
    }
    for (const other of [
      'text/plain',
      'application/json',
      'multipart/form-data',
      `${type}; charset=x`,
    ]) {
      expect(await status('/worksheet', 'POST', { ...own, 'content-type': other }, form)).toBe(415)
    }
    expect(await status('/worksheet', 'POST', { ...own, host: 'evil.example' }, form)).toBe(421)
    expect(await status('/worksheet', 'POST', { ...own, cookie: '' }, form)).toBe(401)
    expect(await status('/worksheet', 'POST', own, 'x'.repeat(40_000))).toBe(413)
    expect(await status('/worksheet?x=1', 'POST', own, form)).toBe(405)
    // The rules of every server of this program: nothing that is read has a body.
    expect(await status('/', 'GET', { host, cookie, 'content-length': '1' }, 'x')).toBe(413)
    // Whoever was not let in reads nothing.
    for (const path of ['/', '/sheet/x', '/worksheet.js', '/none']) {
      expect(await status(path, 'GET', { host })).toBe(401)
      expect(await status(path, 'GET', { cookie, 'sec-fetch-site': 'cross-site' })).toBe(403)
    }
    expect((await fetch(new URL('/open/00', url))).status).toBe(404)
    // Nor can the socket of the bridge write what is no step of a worksheet.
    const actor = { id: 'x', role: 'operator', auth: 'terminal' }
    const signed = { operator: null, verified: 'claimed' } as const
    const about = {
      ...{ pump: 'SIM-0020', model: 'SIM-20', sheet: '20261124-1400-0a1b', actor, signed },
    } as const
    for (const step of ['injected', 'program']) {
      const wish = { ...about, step, entries: { volume: 20.5 } }
      await expect(askBridge(here.state, 'worksheet', wish)).rejects.toThrow(
        /^This is no step of a worksheet: /,
      )
    }
    const shown = start([
      'audit',
      'show',
      '--kind',
      'worksheet',
      '--json',
      '--state-dir',
      here.state,
    ])
    expect(await shown.exit).toBe(0)
    expect(shown.json()).toMatchObject([
      { log: expect.stringMatching(/^simulator-1-/), records: 0, shown: 0 },
    ])
  })
})

describe('two tabs', () => {
  it('nothing that was typed vanishes, and a pump has one open sheet', {
    timeout: MS,
  }, async () => {
    const here = await world()
    const { url, link } = await worksheet(here)
    const entered = await fetch(await link(), { redirect: 'manual' })
    const cookie = (entered.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
    const own = { cookie, origin: url, 'content-type': 'application/x-www-form-urlencoded' }
    const post = (fields: Readonly<Record<string, string>>) =>
      ask(`${url}/worksheet`, 'POST', own, new URLSearchParams(fields).toString())
    const sheet = '20261124-1400-0a1b'
    expect((await post({ sheet, step: 'identity', card: '0020' })).status).toBe(303)

    // Somebody begins a second sheet for this pump: refused, with the way to the first.
    const second = await post({ sheet: '20261124-1401-0a1c', step: 'identity', card: '0020' })
    expect(second.status).toBe(422)
    expect(second.body).toContain('A sheet for pump SIM-0020 is open already')
    expect(second.body).toContain(`href="/sheet/${sheet}"`)

    expect((await post({ sheet, step: 'before' })).status).toBe(303)
    const label = { name0: 'Morphine', concentration0: '10', mass0: 'mg', expiry0: '2099-12' }
    const people = { preparer: 'Pharmacy 2', checkedBy: 'F. Nurse' }
    const drug = { sheet, step: 'drug', ...label, lot0: 'B-221', ...people }
    expect((await post(drug)).status).toBe(303)
    // The same again is somebody who pressed twice, and is no news to anybody.
    expect((await post(drug)).status).toBe(303)
    const overtaken = await post({ ...drug, lot0: 'C-999', checkedBy: 'G. Nurse' })
    expect(overtaken.status).toBe(409)
    const [, box = ''] = /role="alert">([\s\S]*?)<\/dl>/.exec(overtaken.body) ?? []
    expect(box).toContain('What you typed here was NOT written')
    for (const typed of ['C-999', 'G. Nurse', 'Morphine', '2099-12']) expect(box).toContain(typed)
    // What stands is what was written first.
    const page = (await ask(`${url}/sheet/${sheet}/print`, 'GET', { cookie })).body
    expect(page).toContain('B-221')
    expect(page).not.toContain('C-999')
  })
})

describe('a practice refill', () => {
  it('has a pump of its own, which is drained and filled by keys', { timeout: MS }, async () => {
    const state = temporary()
    const program = start([
      'refill',
      '--practice',
      '--no-open',
      '--port',
      '0',
      '--state-dir',
      state,
    ])
    const says = (words: string) =>
      eventually(
        () => program.out(),
        (text) => text.includes(words),
        60_000,
      )
    await says('/open/')
    expect(program.out()).toContain('SIMULATOR.')
    for (const [key, words] of [
      ['d', 'The syringe says'],
      ['i', 'The pump has not been told.'],
      ['d', 'Drained.'],
      ['r', 'injected and programmed.'],
    ] as const) {
      program.child.stdin?.write(key)
      await says(words)
    }
    program.child.stdin?.write('q')
    expect(await program.exit).toBe(0)
  })

  it.each([
    [['--terminal', '--serial', '/dev/a'], 'needs a terminal'],
    [['--practice', '--terminal'], 'needs the keys'],
    [['print', 'x', '--paper', 'B5'], 'A4 or Letter'],
    [['export', 'x'], '--csv, --json or --text'],
    [['export', 'x', '--csv', '--json'], '--csv, --json or --text'],
  ])('says what is wrong with %j', { timeout: MS }, async (args, words) => {
    const program = start(['refill', ...args])
    expect(await program.exit).toBe(2)
    expect(program.err()).toContain(words)
  })
})

// `wandbridge open`: the link reaches the browser by a file for its owner only, and no list of processes.
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { endAll, eventually, MAIN, run, start, temporary } from './programs.ts'

afterAll(endAll)

/** Not `fetch`: it says itself where it comes from. */
const ask = (url: string, headers: Record<string, string>) =>
  new Promise<{ status: number | undefined; cookie: string; text: string }>((resolve, reject) => {
    get(url, { headers, agent: false }, (reply) => {
      let text = ''
      const cookie = String(reply.headers['set-cookie'])
      reply.setEncoding('utf8').on('data', (more: string) => {
        text += more
      })
      reply.on('end', () => resolve({ status: reply.statusCode, cookie, text }))
    }).on('error', reject)
  })

it('gives the browser a file that lets it in, and removes it', { timeout: 60_000 }, async () => {
  const [state, tools] = [join(temporary(), 'state'), temporary()]
  const given = join(tools, 'given')
  writeFileSync(join(tools, 'xdg-open'), `#!/bin/sh\nprintf '%s\\n' "$@" >'${given}'\n`)
  chmodSync(join(tools, 'xdg-open'), 0o755)
  const bridge = start([
    'serve',
    '--serial',
    'tcp://127.0.0.1:9',
    '--state-dir',
    state,
    '--listen',
    '127.0.0.1:0',
  ])
  await eventually(bridge.err, (text) => text.includes('Listening on '), 30_000)
  const opened = run(process.execPath, [MAIN, 'open', '--state-dir', state], {
    PATH: `${tools}:${process.env['PATH']}`,
  })
  const pages = () => readdirSync(state).filter((name) => name.endsWith('.html'))
  await eventually(pages, (names) => names.length === 1, 20_000)
  const file = join(state, pages()[0] as string)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const [, link = ''] = /url=([^"]+)"/.exec(readFileSync(file, 'utf8')) ?? []
  expect(await opened.exit).toBe(0)
  expect(fileURLToPath(readFileSync(given, 'utf8').trim())).toBe(file)
  expect(opened.out() + opened.err()).toBe('')
  expect(pages()).toEqual([])
  // As a browser follows it from a file: another site.
  const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
  const reply = await ask(link, headers)
  expect(reply.status).toBe(200)
  expect(reply.cookie).toContain('SameSite=Strict')
  expect(reply.text).toContain('content="0;url=/"')
  // Every other address is still closed to other sites.
  expect((await ask(new URL('/', link).href, headers)).status).toBe(403)
})

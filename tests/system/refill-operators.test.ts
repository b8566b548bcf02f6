// Who signs a worksheet: an operator who signed in with a PIN at one browser, until they sign out; everybody else
// is recorded as claimed. On the sheet stand name, time and meaning.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { endAll, MAIN, start, temporary } from './programs.ts'
import { worksheet, world } from './refill-world.ts'

afterAll(endAll)

const operator = (state: string, input: string, ...args: string[]) => {
  const program = spawnSync(process.execPath, [MAIN, 'operator', ...args, '--state-dir', state], {
    encoding: 'utf8',
    input,
    timeout: 30_000,
  })
  return { code: program.status, out: program.stdout, err: program.stderr }
}

it('operators are added with a PIN from a pipe, listed and removed, and said to be wrong in words', () => {
  const state = temporary()
  expect(operator(state, '', 'list').out).toContain('There are no operators')
  expect(operator(state, '12\n', 'add', 'Amy')).toMatchObject({ code: 2, out: '' })
  expect(operator(state, '2468\n', 'add', 'Amy').code).toBe(0)
  expect(operator(state, '1357\n', 'add', 'AMY')).toMatchObject({ code: 1, out: '' })
  expect(operator(state, '1357\n', 'add', ' ').err).toContain('Nobody was added.')
  const [line = ''] = operator(state, '', 'list', '--json').out.split('\n')
  expect(JSON.parse(line)).toMatchObject({ name: 'Amy', removedAt: null, failures: 0 })
  expect(line).not.toContain('hash')
  expect(operator(state, '', 'remove', 'Ben').code).toBe(1)
  expect(operator(state, '', 'remove', 'Amy').code).toBe(0)
  expect(operator(state, '', 'list').out).toContain('removed')
  expect(operator(state, '').code).toBe(2)
})

it('what is written while somebody has signed in is signed with their name, at that browser alone', {
  timeout: 240_000,
}, async () => {
  const here = await world()
  expect(operator(here.state, '2468\n', 'add', 'Amy <b>').code).toBe(0)
  const { url, link, program } = await worksheet(here)
  const browser = async () => {
    const entered = await fetch(await link(), { redirect: 'manual' })
    const cookie = (entered.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
    const get = async (path: string) => (await fetch(url + path, { headers: { cookie } })).text()
    const post = async (fields: Readonly<Record<string, string>>) => {
      const reply = await fetch(`${url}/worksheet`, {
        method: 'POST',
        headers: { cookie, origin: url, 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(fields).toString(),
        redirect: 'manual',
      })
      return { status: reply.status, text: await reply.text() }
    }
    return { get, post }
  }
  const amy = await browser()
  const other = await browser()
  expect(await amy.get('/')).toContain('<option value="Amy &lt;b&gt;">')

  const wrong = await amy.post({ step: 'sign-in', sheet: '', operator: 'Amy <b>', pin: '1111' })
  expect(wrong).toMatchObject({ status: 422 })
  expect(wrong.text).toContain('That is not this name with its PIN. Nobody has signed in.')
  expect(wrong.text).not.toContain('1111')
  const right = await amy.post({ step: 'sign-in', sheet: '', operator: 'Amy <b>', pin: '2468' })
  expect(right.status).toBe(303)
  expect(await amy.get('/')).toContain('Amy &lt;b&gt; has signed in.')
  expect(await other.get('/')).toContain('Nobody has signed in.')

  const id = (await amy.get('/')).match(/name="sheet" value="(\d{8}-\d{4}-[0-9a-f]{4})"/)?.[1] ?? ''
  expect((await amy.post({ step: 'identity', sheet: id, card: '0020' })).status).toBe(303)
  expect((await amy.post({ step: 'before', sheet: id })).status).toBe(303)
  const reason = { step: 'abandoned', sheet: id, reason: 'the patient left' }
  expect((await amy.post({ step: 'sign-out', sheet: id })).status).toBe(303)
  expect(await amy.get('/')).toContain('Nobody has signed in.')
  expect((await other.post(reason)).status).toBe(303)

  const page = await amy.get(`/sheet/${id}/print`)
  expect(page).toMatch(
    /Wrote down: Identity, \d\d-\w{3}-\d{4} \d\d:\d\d<\/dt><dd>Amy &lt;b&gt;, signed in with PIN/,
  )
  expect(page).toMatch(/Wrote down: Stopped, [^<]*<\/dt><dd>Nobody was named/)

  // The sheet, kept elsewhere, holds against the log with its signatures.
  const sheet = join(temporary(), 'sheet.html')
  const printed = start([
    ...['refill', 'print', id, '--out', sheet],
    ...['--state-dir', here.state, '--config', here.config],
  ])
  expect(await printed.exit, printed.err()).toBe(0)
  const good = start(['audit', 'verify', '--sheet', sheet, '--state-dir', here.state])
  expect(await good.exit, good.err()).toBe(0)
  program.child.kill('SIGTERM')
  here.bridge.child.kill('SIGTERM')
  expect(await here.bridge.exit).toBe(0)

  const out = join(temporary(), 'r.html')
  const report = start(['audit', 'report', '--out', out, '--state-dir', here.state])
  expect(await report.exit, report.err()).toBe(0)
  const json = JSON.parse(readFileSync(out.replace('.html', '.json'), 'utf8')) as {
    rows: Record<string, unknown>[]
  }
  const rows = json.rows.filter((row) => row['table'] === 'worksheets')
  const by = (row: Record<string, unknown>) => [
    ...[row['step'], row['actor'], row['authenticated_by']],
    ...[row['signed_by'] ?? null, row['verified']],
  ]
  expect(rows.map(by)).toEqual([
    ['identity', 'Amy <b>', 'pin', 'Amy <b>', 'pin'],
    ['before', 'Amy <b>', 'pin', 'Amy <b>', 'pin'],
    ['abandoned', 'worksheet', 'page-link', null, 'claimed'],
  ])
})

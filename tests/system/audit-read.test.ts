// Whoever reads the log is recorded in it before anything is shown; a log that is not this computer's to write
// is read all the same, left as it is to the byte, and standard error says so.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endAll, eventually, MAIN, type Sim, sim, start, temporary } from './programs.ts'

afterAll(endAll)

const NOT = 'That it was read here is not recorded in the log: '

function audit(...args: string[]) {
  const program = spawnSync(process.execPath, [MAIN, 'audit', ...args], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  return { code: program.status, out: program.stdout, err: program.stderr }
}

interface Read {
  readonly kind: string
  readonly pump?: string
  readonly actor: { readonly id: string; readonly role: string; readonly auth: string }
  readonly body: Readonly<Record<string, unknown>>
}

/** The reads of the log itself, from the files. */
function reads(state: string): Read[] {
  const all: Read[] = []
  for (const [path, bytes] of files(join(state, 'audit'))) {
    if (!path.endsWith('.jsonl')) continue
    for (const line of bytes.toString().split('\n').filter(Boolean)) {
      const record = JSON.parse(line) as Read
      if (record.kind === 'read-access') all.push(record)
    }
  }
  return all
}

function files(dir: string): (readonly [string, Buffer])[] {
  const found: (readonly [string, Buffer])[] = []
  for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(dir, name)
    if (statSync(path).isFile()) found.push([path, readFileSync(path)])
  }
  return found
}

const digest = (dir: string) => {
  const sha = createHash('sha256')
  for (const [path, bytes] of files(dir)) sha.update(path).update(bytes)
  return sha.digest('hex')
}

describe('a read of the log', () => {
  let pump: Sim
  let state: string
  const serve = () =>
    start([
      ...['serve', '--listen', 'none', '--source', 'simulator', '--serial', pump.port],
      ...['--state-dir', state],
    ])

  beforeAll(async () => {
    pump = await sim('pty', '--speed', '4')
    state = temporary()
    const once = ['status', '--source', 'simulator', '--serial', pump.port, '--state-dir', state]
    expect(await start(once).exit).toBe(0)
  }, 60_000)

  it('is recorded before it is answered, when no bridge runs', () => {
    const me = { id: userInfo().username, role: 'operator', auth: 'process' }
    const out = temporary()
    const ways = [
      ['show', '--kind', 'read-access', '--json'],
      ['export', '--csv', '--kind', 'interrogation'],
      ['report', '--pump', 'SIM-0001', '--out', join(out, 'r.html')],
    ]
    for (const [i, way] of ways.entries()) {
      const { code, out: said, err } = audit(...way, '--state-dir', state)
      expect(code, err).toBe(0)
      expect(err).not.toContain(NOT)
      const all = reads(state)
      expect(all).toHaveLength(i + 1)
      expect(all.at(-1)).toMatchObject({
        actor: me,
        body: { token: me.id, route: `audit ${way[0]}`, reads: 1, refused: 0 },
      })
      // It shows itself.
      if (i === 0) expect(said).toContain('"route":"audit show"')
    }
    expect(reads(state).at(-1)?.pump).toBe('SIM-0001')
    const page = readFileSync(join(out, 'r.html'), 'utf8')
    expect(page).toContain('is itself recorded in the log')
    expect(page).toContain('audit report')
    expect(audit('verify', '--state-dir', state).code).toBe(0)
    // The account of the process is on every start.
    const started = audit('show', '--kind', 'start', '--json', '--state-dir', state)
    const { uid, username: name } = userInfo()
    for (const line of started.out.split('\n').slice(1).filter(Boolean))
      expect(JSON.parse(line).body.account).toEqual({ uid, name })
  })

  it('and who may sign worksheets is recorded too, with and without a bridge', {
    timeout: 60_000,
  }, async () => {
    const operator = (input: string, ...args: string[]) =>
      spawnSync(process.execPath, [MAIN, 'operator', ...args, '--state-dir', state], {
        ...({ encoding: 'utf8', input, timeout: 30_000 } as const),
      })
    const me = userInfo().username
    expect(operator('2468\n', 'add', 'Amy')).toMatchObject({ status: 0, stderr: '' })
    // What was refused changed nothing, and is no record.
    expect(operator('2468\n', 'add', 'Amy').status).toBe(1)
    const bridge = serve()
    await eventually(
      () => bridge.err(),
      (text) => text.includes('Bridge ready'),
      20_000,
    )
    expect(operator('', 'remove', 'Amy')).toMatchObject({ status: 0, stderr: '' })
    bridge.child.kill('SIGTERM')
    await bridge.exit
    const shown = audit('show', '--actor', me, '--kind', 'operator', '--json', '--state-dir', state)
    const [, ...records] = shown.out.split('\n').filter(Boolean)
    expect(records.map((line) => JSON.parse(line))).toMatchObject([
      { actor: { id: me }, action: 'C', body: { name: 'Amy', change: 'added' } },
      { actor: { id: me }, action: 'U', body: { name: 'Amy', change: 'removed' } },
    ])
    const other = audit('show', '--actor', 'nobody', '--state-dir', state)
    expect(other.out).toContain('No such records.')
    const checked = audit('verify', '--who', '--state-dir', state)
    expect(checked.code, checked.err).toBe(0)
    expect(checked.out).toMatch(
      /^ {2}From \d{4}-\S+Z to \d{4}-\S+Z\. Records that could not be kept: 0\.$/m,
    )
    expect(checked.out).toMatch(
      new RegExp(`^ {4}${me} \\(operator, process\\): records \\d+$`, 'm'),
    )
    // Where no log is there yet, that is said.
    const empty = spawnSync(
      process.execPath,
      [MAIN, 'operator', 'add', 'Amy', '--state-dir', temporary()],
      { encoding: 'utf8', input: '2468\n', timeout: 30_000 },
    )
    expect(empty).toMatchObject({ status: 0 })
    expect(empty.stderr).toContain('This is not recorded in the log: there is no log.')
  })

  it('is recorded by the bridge that has the log', { timeout: 60_000 }, async () => {
    const before = reads(state).length
    const bridge = serve()
    await eventually(
      () => bridge.err(),
      (text) => text.includes('Bridge ready'),
      20_000,
    )
    const { code, err } = audit('export', '--pump', 'SIM-0001', '--state-dir', state)
    expect(code, err).toBe(0)
    expect(err).not.toContain(NOT)
    expect(reads(state)).toHaveLength(before + 1)
    expect(reads(state).at(-1)).toMatchObject({ pump: 'SIM-0001', body: { route: 'audit export' } })
    // A bridge that was killed has left an end that only the next start mends: looking does not.
    bridge.child.kill('SIGKILL')
    await bridge.exit
    const was = digest(join(state, 'audit'))
    const shown = audit('show', '--state-dir', state)
    expect(shown.code).toBe(0)
    expect(shown.out).toContain('interrogation')
    expect(shown.err).toContain(`${NOT}its bridge did not end in order`)
    expect(digest(join(state, 'audit'))).toBe(was)
  })

  it('of a copy leaves the copy as it is', () => {
    const copy = join(temporary(), 'copy')
    cpSync(state, copy, { recursive: true, filter: (path) => !path.endsWith('.sock') })
    const was = digest(copy)
    for (const way of [['show'], ['export', '--ndjson']]) {
      const { code, out, err } = audit(...way, '--state-dir', copy)
      expect(code).toBe(0)
      expect(out).toContain('interrogation')
      expect(err).toContain(`${NOT}this is a copy`)
    }
    expect(digest(copy)).toBe(was)
  })
})

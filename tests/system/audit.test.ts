// The audit log of real bridges on real disks: killed, full, read-only, broken, hanging, removed.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ControlConnection } from '../../src/control/client.ts'
import { aboutOf, partsOf, trafficOf } from '../capture/files.ts'
import {
  endAll,
  eventually,
  MAIN,
  type Program,
  run,
  type Sim,
  sim,
  start,
  temporary,
} from './programs.ts'

const CI = process.env['CI'] === 'true'
const LONG = process.env['WANDBRIDGE_LONG'] === '1'

const mounts: string[] = []
afterAll(async () => {
  for (const path of mounts.splice(0).reverse()) spawnSync('umount', ['-l', path])
  await endAll()
})

interface Reading extends Record<string, unknown> {
  readonly kind: string
  readonly quality: string
  readonly reason?: string | undefined
  readonly pump: { readonly serial: string }
  readonly reservoir: {
    readonly reportedVolume: { readonly value: number | null; readonly receivedAt: string }
  }
}

const readings = (watch: Program) =>
  watch.json().filter((l): l is Reading => l['kind'] === 'reading')
const last = (watch: Program) => readings(watch).at(-1)
const audits = (watch: Program) => watch.json().filter((l) => l['kind'] === 'audit')
const sentence = (watch: Program) => String(audits(watch).at(-1)?.['sentence'])

const serveArgs = (port: string, state: string) =>
  [
    'serve',
    '--listen',
    'none',
    '--source',
    'simulator',
    '--serial',
    port,
    '--state-dir',
    state,
    '--policy',
    'continuous',
  ] as const

async function ready(bridge: Program): Promise<void> {
  await eventually(
    () => bridge.err(),
    (text) => text.includes('Bridge ready'),
    20_000,
  )
}

/** A bridge and somebody who watches it. */
async function watched(pump: Sim, state: string, bridge: Program) {
  await ready(bridge)
  const watch = start(['watch', '--json', '--state-dir', state])
  const live = () =>
    eventually(
      () => last(watch)?.quality,
      (q) => q === 'current',
      40_000,
    )
  const stale = (ms: number) =>
    eventually(
      () => last(watch)?.quality,
      (q) => q === 'stale',
      ms,
    )
  return { pump, bridge, watch, live, stale }
}

/** Follows a bridge over its control socket, until it ends. */
async function follow(state: string) {
  const control = await ControlConnection.open(state)
  if (!control) throw new Error('the bridge is not there')
  const told: Reading[] = []
  const listen = async () => {
    try {
      for await (const line of control.follow('watch', {})) {
        if (line.kind === 'reading') told.push(line)
      }
    } catch {
      // The bridge has ended.
    }
  }
  return { readings: told, end: listen() }
}

interface Kept {
  readonly kind: string
  readonly at: string
  readonly pump?: string
  readonly body: Record<string, Record<string, Record<string, number>>>
}

/** Every record, without the line that says of each log what it is. */
function records(state: string): Kept[] {
  const shown = spawnSync(
    process.execPath,
    [MAIN, 'audit', 'show', '--json', '--last', '1000000', '--state-dir', state],
    { encoding: 'utf8', maxBuffer: 1 << 30 },
  )
  return shown.stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .filter((line) => 'kind' in line)
}

function verified(state: string): void {
  const args = [MAIN, 'audit', 'verify', '--rederive', '--state-dir', state]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  expect(`${stdout}${stderr}`).toContain('consistent, not authenticated')
  expect(status, `${stdout}${stderr}`).toBe(0)
}

/** Every reading somebody saw is a record with that time and that value. */
function expectAllKept(state: string, seen: readonly Reading[]): void {
  const volumes = new Map<string, number | undefined>()
  for (const { kind, at, pump, body } of records(state)) {
    if (kind === 'interrogation')
      volumes.set(`${pump} ${at}`, body['blocks']?.['reservoir']?.['reportedVolume'])
    if (kind === 'live')
      volumes.set(`${pump} ${at}`, body['values']?.['reportedVolume'] as unknown as number)
  }
  for (const { pump, reservoir } of seen) {
    const { receivedAt } = reservoir.reportedVolume
    expect(volumes.get(`${pump.serial} ${receivedAt}`), receivedAt).toBe(
      Math.round((reservoir.reportedVolume.value ?? 0) * 1e6),
    )
  }
}

describe.concurrent('kill -9 under load', () => {
  const kills = LONG ? 100 : 3
  it.each([1, 2, 3])(
    'at random moments: whatever was seen is in the log, bridge %i',
    {
      timeout: kills * 30_000,
    },
    async (n) => {
      const pump = await sim('pty', '--speed', '4', '--seed', String(n))
      const state = temporary()
      const seen: Reading[] = []
      for (let kill = 0; kill < kills; kill += 1) {
        const bridge = start(serveArgs(pump.port, state))
        await ready(bridge)
        const told = await follow(state)
        // Some die before their first reading, some in the middle of many.
        if (kill % 3 > 0) {
          await eventually(
            () => told.readings.length,
            (x) => x > 0,
            60_000,
          )
        }
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 1_500))
        bridge.child.kill('SIGKILL')
        await bridge.exit
        await told.end
        seen.push(...told.readings)
      }
      // Of three kills two come after a reading that was seen.
      expect(seen.length).toBeGreaterThanOrEqual(kills / 2)
      const after = start(serveArgs(pump.port, state))
      await ready(after)
      await eventually(
        () => existsSync(join(state, 'audit')),
        (x) => x,
        20_000,
      )
      after.child.kill('SIGTERM')
      // A session that the kill has cut off is not known to be closed, and the bridge says so as it ends.
      expect([0, 4]).toContain(await after.exit)
      verified(state)
      expectAllKept(state, seen)
    },
  )
})

/** A small file system of its own; null where nobody may mount one. */
function tmpfs(path: string, size: string): boolean {
  mkdirSync(path, { recursive: true })
  const { status } = spawnSync('mount', [
    '-t',
    'tmpfs',
    '-o',
    `size=${size},mode=0700`,
    'tmpfs',
    path,
  ])
  if (status === 0) mounts.push(path)
  return status === 0
}
const NO_MOUNT = 'mounting a file system needs root'

describe.concurrent('a disk', () => {
  it('that is full: nothing new is shown, the sentence says what to do, it heals, and the end is recorded', {
    timeout: 120_000,
  }, async ({ skip }) => {
    const state = temporary()
    if (!tmpfs(state, '4m')) skip(!CI, NO_MOUNT)
    const pump = await sim('pty')
    const w = await watched(pump, state, start(serveArgs(pump.port, state)))
    await w.live()
    const fill = () => spawnSync('dd', ['if=/dev/zero', `of=${join(state, 'filler')}`, 'bs=4k'])
    fill()
    await w.stale(5_000)
    expect(last(w.watch)?.reason).toBe('audit-failed')
    expect(sentence(w.watch)).toMatch(/disk is full.*Free space/)
    rmSync(join(state, 'filler'))
    await w.live()
    fill()
    await w.stale(5_000)
    w.bridge.child.kill('SIGTERM')
    expect(await w.bridge.exit).toBe(0)
    rmSync(join(state, 'filler'))
    verified(state)
    expect(records(state).at(-1)?.kind).toBe('stop')
    expectAllKept(state, readings(w.watch))
  })

  it('that is read-only: the pump is not touched, status ends with 5, and a bridge heals', {
    timeout: 120_000,
  }, async ({ skip }) => {
    const state = temporary()
    const dir = join(state, 'audit')
    if (!tmpfs(dir, '4m')) skip(!CI, NO_MOUNT)
    const remount = (how: string) =>
      expect(spawnSync('mount', ['-o', `remount,${how}`, dir]).status).toBe(0)
    remount('ro')
    const pump = await sim('pty')
    const once = start([
      'status',
      '--json',
      '--source',
      'simulator',
      '--serial',
      pump.port,
      '--state-dir',
      state,
    ])
    expect(await once.exit).toBe(5)
    expect(once.out()).toBe('')
    expect(once.err()).toMatch(/read-only[\s\S]*Nothing is shown that is not recorded/)
    const w = await watched(pump, state, start(serveArgs(pump.port, state)))
    await eventually(
      () => sentence(w.watch),
      (text) => text.includes('read-only'),
      30_000,
    )
    await new Promise((resolve) => setTimeout(resolve, 5_000))
    expect(readings(w.watch)).toEqual([])
    remount('rw')
    await w.live()
  })

  /** A bridge of whose fdatasync calls one fails as strace is told; one thread makes them all. */
  const injected = (what: string, args: readonly string[]) => {
    const inject = ['-e', 'trace=fdatasync', '-e', `inject=fdatasync:${what}`]
    const quiet = ['-D', '-f', '-qq', '-o', '/dev/null', '--seccomp-bpf']
    const node = [process.execPath, MAIN, ...args]
    return run('strace', [...quiet, ...inject, ...node], { UV_THREADPOOL_SIZE: '1' })
  }
  const strace = spawnSync('strace', ['-V']).status === 0
  const NO_STRACE = 'strace is not installed'

  it('that reports an error at one fdatasync: a new segment, nothing lost', {
    timeout: 120_000,
  }, async ({ skip }) => {
    skip(!strace && !CI, NO_STRACE)
    const state = temporary()
    const pump = await sim('pty')
    const w = await watched(pump, state, injected('error=EIO:when=14', serveArgs(pump.port, state)))
    await w.live()
    await eventually(
      () => w.bridge.err(),
      (text) => text.includes('disk reports errors'),
      30_000,
    )
    await w.live()
    await eventually(
      () => readings(w.watch).length,
      (n) => n > 20,
      40_000,
    )
    w.bridge.child.kill('SIGTERM')
    expect(await w.bridge.exit).toBe(0)
    verified(state)
    expectAllKept(state, readings(w.watch))
    const [log = ''] = readdirSync(join(state, 'audit'))
    expect(existsSync(join(state, 'audit', log, '00000002.void'))).toBe(true)
  })

  it('that hangs: slow, then failed; pulling the cable is seen within a second', {
    timeout: 180_000,
  }, async ({ skip }) => {
    skip(!strace && !CI, NO_STRACE)
    const state = temporary()
    const pump = await sim('pty')
    const w = await watched(pump, state, start(serveArgs(pump.port, state)))
    await w.live()
    const pid = String(w.bridge.child.pid)
    const hang = ['-e', 'trace=fdatasync', '-e', 'inject=fdatasync:delay_enter=60000000']
    const hung = run('strace', ['-f', '-qq', '-o', '/dev/null', ...hang, '-p', pid])
    await eventually(
      () => audits(w.watch).map((a) => a['state']),
      (s) => s.includes('slow'),
      30_000,
    )
    await pump.command({ do: 'unplug' })
    // It may have been stale for another reason already: what hangs slows the bridge, too.
    await eventually(
      () => last(w.watch)?.reason,
      (reason) => reason === 'wand-lost',
      1_000,
    )
    await eventually(
      () => sentence(w.watch),
      (text) => text.includes('does not answer'),
      10_000,
    )
    await pump.command({ do: 'plug' })
    await new Promise((resolve) => setTimeout(resolve, LONG ? 30_000 : 5_000))
    expect(last(w.watch)?.quality).toBe('stale')
    // The disk answers again when nobody holds the call any more.
    hung.child.kill('SIGKILL')
    await w.live()
    expect(audits(w.watch).at(-1)?.['state']).toBe('ok')
    w.bridge.child.kill('SIGTERM')
    expect(await w.bridge.exit).toBe(0)
    verified(state)
    expectAllKept(state, readings(w.watch))
  })
})

describe.concurrent('the log', () => {
  it('removed under a running bridge: a new one says so, until somebody accepts it', {
    timeout: 120_000,
  }, async () => {
    const state = temporary()
    const pump = await sim('pty')
    const w = await watched(pump, state, start(serveArgs(pump.port, state)))
    await w.live()
    rmSync(join(state, 'audit'), { recursive: true })
    await eventually(
      () => sentence(w.watch),
      (text) => text.includes('set aside'),
      20_000,
    )
    await w.live()
    const accept = start(['audit', 'accept', '--reason', 'a test removed it', '--state-dir', state])
    expect(await accept.exit).toBe(0)
    expect(accept.out()).toMatch(/Accepted: simulator-1-/)
    await eventually(
      () => sentence(w.watch),
      (text) => !text.includes('set aside'),
      20_000,
    )
    const kinds = records(state).map((r) => r.kind)
    expect(kinds).toContain('quarantine')
    expect(kinds).toContain('accept')
  })

  it('is written by one bridge: a second one that got past the socket says who is in the way', {
    timeout: 120_000,
  }, async () => {
    const state = temporary()
    const pump = await sim('pty')
    const first = start(serveArgs(pump.port, state))
    await ready(first)
    await eventually(
      () => existsSync(join(state, 'audit')),
      (x) => x,
      10_000,
    )
    const other = await sim('pty', '--seed', '9')
    const refused = start(serveArgs(other.port, state))
    expect(await refused.exit).toBe(2)
    expect(refused.err()).toContain('Another bridge is running')
    for (const name of readdirSync(state)) if (name.endsWith('.sock')) rmSync(join(state, name))
    const second = start(serveArgs(other.port, state))
    await eventually(
      () => second.err(),
      (text) => text.includes('Another bridge is writing'),
      20_000,
    )
    first.child.kill('SIGTERM')
    expect(await first.exit).toBe(0)
    await eventually(
      () => second.err(),
      (text) => text.includes('Everything shown is recorded'),
      10_000,
    )
    second.child.kill('SIGTERM')
    expect(await second.exit).toBe(0)
    verified(state)
  })

  it('is for its owner only, and the key is not beside it', async () => {
    const state = temporary()
    const pump = await sim('pty', '--speed', '4')
    const program = start([
      'status',
      '--source',
      'simulator',
      '--serial',
      pump.port,
      '--state-dir',
      state,
    ])
    expect(await program.exit).toBe(0)
    const [log = ''] = readdirSync(join(state, 'audit'))
    const mode = (path: string) => statSync(join(state, path)).mode & 0o777
    expect(mode('audit')).toBe(0o700)
    expect(mode(`audit/${log}`)).toBe(0o700)
    expect(mode(`audit/${log}/00000001.jsonl`)).toBe(0o600)
    expect(mode('keys')).toBe(0o700)
    expect(mode('keys/audit.key')).toBe(0o600)
  })
})

describe.concurrent('capture', () => {
  it('keeps the raw traffic of a running bridge and seals it into the log', {
    timeout: 60_000,
  }, async () => {
    const state = temporary()
    const pump = await sim('pty')
    const none = start(['capture', '--state-dir', state])
    expect(await none.exit).toBe(2)
    const bridge = start(serveArgs(pump.port, state))
    await ready(bridge)
    const capture = start(['capture', '--seconds', '3', '--state-dir', state])
    expect(await capture.exit).toBe(0)
    const [file = '', said = ''] = capture.out().split('\n')
    const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex')
    expect(said).toContain(sha256)
    const parts = await partsOf(readFileSync(file))
    expect(aboutOf(parts).ports).toEqual([{ path: pump.port, framing: 'line' }])
    const ways = new Set(
      trafficOf(parts).map((one) => (one.port === null ? 'lost' : one.fact.kind)),
    )
    expect([...ways].sort()).toEqual(['in', 'out'])
    expect(statSync(file).mode & 0o777).toBe(0o600)
    // Interrupted instead of timed.
    const other = start(['capture', '--state-dir', state])
    await eventually(
      () => other.err(),
      (text) => text.includes('Ctrl-C'),
      30_000,
    )
    other.child.kill('SIGINT')
    expect(await other.exit).toBe(0)
    expect(other.out()).toContain('sealed in the audit log')
    bridge.child.kill('SIGTERM')
    expect(await bridge.exit).toBe(0)
    expect(records(state).filter((r) => r.kind === 'capture-seal')).toHaveLength(2)
  })
})

describe.concurrent('audit', () => {
  async function oneVisit() {
    const state = temporary()
    const pump = await sim('pty', '--speed', '4')
    expect(
      await start(['status', '--source', 'simulator', '--serial', pump.port, '--state-dir', state])
        .exit,
    ).toBe(0)
    return { state, in: ['--state-dir', state] }
  }
  const audit = async (...args: string[]) => {
    const program = start(['audit', ...args])
    return { code: await program.exit, out: program.out(), err: program.err() }
  }

  it('verify names the first bad record, its byte and why, and ends with 1', async () => {
    const visit = await oneVisit()
    const [log = ''] = readdirSync(join(visit.state, 'audit'))
    const file = join(visit.state, 'audit', log, '00000001.jsonl')
    const good = readFileSync(file, 'utf8')
    const at = good.indexOf('"kind":"interrogation"')
    writeFileSync(file, `${good.slice(0, at)}"kind":"interrogatiom"${good.slice(at + 22)}`)
    const bad = await audit('verify', ...visit.in)
    expect(bad.code).toBe(1)
    expect(bad.err).toMatch(/Not intact: .*record.* \d+.*00000001\.jsonl, byte \d+: /)
    expect(bad.err).toContain('Do not rely on')
    expect((await audit('export', '--pump', 'SIM-0001', ...visit.in)).code).toBe(1)
    writeFileSync(file, good)
    expect((await audit('verify', ...visit.in)).code).toBe(0)
  })

  it('checkpoint, prove and export give what verify accepts elsewhere, years later', async () => {
    const visit = await oneVisit()
    const away = temporary()
    const keep = (name: string, text: string) => {
      writeFileSync(join(away, name), text)
      return join(away, name)
    }
    const proof = keep('proof', (await audit('prove', '3', ...visit.in)).out)
    const out = join(away, 'SIM-0001.audit')
    expect((await audit('export', '--pump', 'SIM-0001', '--out', out, ...visit.in)).code).toBe(0)
    expect((await audit('export', '--pump', 'SIM-0001', '--out', out, ...visit.in)).code).toBe(2)
    // Behind the exports, which are recorded as reads.
    const checkpoint = await audit('checkpoint', ...visit.in)
    const key = checkpoint.err.trim().split('\n').at(-1) ?? ''
    const since = keep('checkpoint', checkpoint.out)
    const second = await audit('verify', '--since', since, '--key', key, ...visit.in)
    expect(second.out).toContain('vouched for by the key and the checkpoint kept elsewhere')
    expect((await audit('verify', proof, '--key', key)).code).toBe(0)
    expect((await audit('verify', out, '--key', key)).out).toContain('vouched for')
    const other = key.replace(/\+[0-9a-f]{8}\+/, '+00000000+')
    expect((await audit('verify', out, '--key', other)).code).toBe(1)
    // The end cut off: only what was kept elsewhere can tell.
    const [log = ''] = readdirSync(join(visit.state, 'audit'))
    const file = join(visit.state, 'audit', log, '00000001.jsonl')
    const lines = readFileSync(file, 'utf8').split('\n')
    const commits = lines.flatMap((line, i) => (line.startsWith('{"checkpoint":') ? [i] : []))
    writeFileSync(file, `${lines.slice(0, (commits.at(-2) ?? 0) + 1).join('\n')}\n`)
    expect((await audit('verify', ...visit.in)).code).toBe(0)
    const cut = await audit('verify', '--since', since, ...visit.in)
    expect(cut.code).toBe(1)
    expect(cut.err).toContain('the end is missing')
  })

  it('show and export give tables that 80 columns and spreadsheets can take', async () => {
    const visit = await oneVisit()
    const shown = await audit('show', '--kind', 'interrogation', ...visit.in)
    expect(shown.out).toMatch(
      /\[SIMULATOR\][\s\S]*interrogation SIM-0001 +reservoir 4\.5 mL, rate 0\.25 mL\/day/,
    )
    const csv = (await audit('export', '--csv', ...visit.in)).out.split('\r\n')
    const width = csv[0]?.split(',').length ?? 0
    expect(width).toBeGreaterThan(10)
    const table = spawnSync(
      'python3',
      ['-c', 'import csv,sys,json\nprint(json.dumps(list(csv.reader(sys.stdin))))'],
      { input: csv.join('\r\n'), encoding: 'utf8' },
    )
    const rows = JSON.parse(table.stdout) as string[][]
    expect(rows.every((row) => row.length === width)).toBe(true)
    expect((await audit('show', '--from', 'yesterday-ish', ...visit.in)).code).toBe(2)
    expect((await audit('verify', '--state-dir', temporary())).code).toBe(2)
  })
})

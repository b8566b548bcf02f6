// kill -9 at random moments under load: everything that any observer was told is in the log after
// recovery, and the log verifies. On the real disk.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openKeys } from '../../src/audit/log/keys.ts'
import { AuditLog } from '../../src/audit/log/log.ts'
import { readRecords } from '../../src/audit/read/reader.ts'
import { verify } from '../../src/audit/verify/verify.ts'
import { nodeDisk } from '../../src/base/disk.ts'
import { mulberry32, systemEnv } from '../../src/base/env.ts'
import { packed } from './packed.ts'

const KILLS = process.env['WANDBRIDGE_LONG'] === '1' ? 300 : 12

let writer = ''
const state = mkdtempSync(join(tmpdir(), 'wandbridge-kill-'))
afterAll(() => rmSync(state, { recursive: true, force: true }))

interface Life {
  readonly log: string
  readonly key: string
  readonly told: Map<number, string>
}

/** One life of the writer: ends `ms` after it said that it is writing. */
async function live(ms: number): Promise<Life> {
  const child = spawn(process.execPath, [writer, state], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const told = new Map<number, string>()
  let head: { state: string; log: string; key: string } | null = null
  const ended = new Promise<void>((resolve) => void child.on('close', () => resolve()))
  for await (const line of createInterface({ input: child.stdout })) {
    if (!head) {
      head = JSON.parse(line)
      void setTimeout(ms).then(() => child.kill('SIGKILL'))
      continue
    }
    const [position, ...detail] = line.split(' ')
    told.set(Number(position), detail.join(' '))
  }
  await ended
  if (head?.state !== 'ok') throw new Error(`the log did not open: ${JSON.stringify(head)}`)
  return { log: head.log, key: head.key, told }
}

beforeAll(() => {
  writer = packed('writer', 'tests/audit/writer.child.ts')
}, 60_000)

it(
  `loses nothing over ${KILLS} kills`,
  async () => {
    const rng = mulberry32(20_261_124)
    const told = new Map<number, string>()
    let life: Life | null = null
    for (let i = 0; i < KILLS; i += 1) {
      const next = await live(rng() % 120)
      if (life) expect(next.log).toBe(life.log)
      life = next
      for (const [position, detail] of next.told) told.set(position, detail)
    }
    const dir = join(state, 'audit', life?.log ?? '')
    const env = systemEnv()
    const { keys } = await openKeys(env, nodeDisk, join(state, 'keys'))
    const log = await AuditLog.open({
      env,
      disk: nodeDisk,
      dir: join(state, 'audit'),
      source: 'simulator',
      keys: async () => keys,
      boot: 'last',
    })
    expect(log.state).toMatchObject({ state: 'ok', log: life?.log, unaccepted: [] })
    await log.close()
    expect(told.size).toBeGreaterThan(KILLS)
    const kept = new Map<number, string>()
    for await (const { position, record } of readRecords(nodeDisk, dir, { kinds: ['link'] })) {
      if (record.kind === 'link') kept.set(position, String(record.body.why?.args['text']))
    }
    for (const [position, detail] of told) expect(kept.get(position)).toBe(detail)
    const result = await verify(nodeDisk, dir, { key: life?.key ?? '', schemas: true })
    expect(result.sentence).toContain('intact and vouched for')
    if (process.platform !== 'win32') {
      expect(statSync(dir).mode & 0o777).toBe(0o700)
      expect(statSync(join(dir, '00000001.jsonl')).mode & 0o777).toBe(0o600)
      expect(statSync(join(state, 'keys', 'audit.key')).mode & 0o777).toBe(0o600)
    }
  },
  KILLS * 10_000,
)

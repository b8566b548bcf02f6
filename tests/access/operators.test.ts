// Who signs by name and PIN: right ones do, wrong ones wait longer and longer, and nothing gives an attempt back.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { OperatorStore, wrongName, wrongPin } from '../../src/access/operators.ts'
import { VirtualEnv } from '../../src/base/env.ts'

let dir = ''
let env: VirtualEnv
let store: OperatorStore

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'wandbridge-operators-'))
  env = new VirtualEnv({ seed: 1 })
  store = new OperatorStore(env, dir)
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const files = () => readdirSync(join(dir, 'operators'))

describe('an operator', () => {
  it('signs in by name and PIN, and by no other; large and small letters are one name', async () => {
    expect(await store.add('Amy O’Neil', '2468')).toBe(true)
    expect(await store.add('amy o’neil', '1111')).toBe(false)
    expect(await store.signIn('amy O’NEIL', '2468')).toEqual({ ok: true, name: 'Amy O’Neil' })
    expect(await store.signIn('Amy O’Neil', '2469')).toEqual({ ok: false, waitMs: 0 })
    expect(await store.signIn('Ben', '2468')).toEqual({ ok: false, waitMs: 0 })
  })

  it('is kept as a hash, for its owner only, under no name of a person', async () => {
    await store.add('../../amy', '24681357')
    const [name = ''] = files()
    expect(name).toMatch(/^[0-9a-f]{16}\.json$/)
    const text = readFileSync(join(dir, 'operators', name), 'utf8')
    expect(text).not.toContain('24681357')
    expect(JSON.parse(text)).toMatchObject({ name: '../../amy', cost: { N: 32_768, r: 8, p: 1 } })
    expect(statSync(join(dir, 'operators')).mode & 0o777).toBe(0o700)
    expect(statSync(join(dir, 'operators', name)).mode & 0o777).toBe(0o600)
  })

  it('that was removed signs no more, stays in the list, and can be added anew', async () => {
    await store.add('amy', '2468')
    expect(await store.remove('amy')).toBe(true)
    expect(await store.remove('amy')).toBe(false)
    expect((await store.signIn('amy', '2468')).ok).toBe(false)
    expect(await store.list()).toMatchObject([{ name: 'amy', removedAt: expect.any(String) }])
    expect(await store.add('amy', '1357')).toBe(true)
    expect((await store.signIn('amy', '1357')).ok).toBe(true)
  })

  it('of a damaged file, or of another file’s name, signs nobody in', async () => {
    await store.add('amy', '2468')
    await store.add('ben', '2468')
    const [first = '', second = ''] = files()
    const at = (name: string) => join(dir, 'operators', name)
    const other = readFileSync(at(second))
    writeFileSync(at(first), other)
    expect((await store.list()).length).toBe(1)
    writeFileSync(at(second), '{}')
    expect(await store.list()).toEqual([])
    for (const name of ['amy', 'ben']) expect((await store.signIn(name, '2468')).ok).toBe(false)
  })

  it('has a name that can be seen and a PIN of digits', () => {
    for (const name of ['', ' amy', 'amy\u202e', 'a\nb', 'x'.repeat(81)]) {
      expect(wrongName(name)).not.toBeNull()
      expect(() => store.add(name, '2468')).toThrow(RangeError)
    }
    for (const pin of ['', '123', '1234567890123', 'abcd', '12 34']) {
      expect(wrongPin(pin)).not.toBeNull()
      expect(() => store.add('amy', pin)).toThrow(RangeError)
    }
  })
})

describe('wrong PINs', () => {
  const wrong = (n: number) => String(1_000 + n)

  it('wait twice as long each time, to a quarter of an hour; the right one, too, and it ends that', async () => {
    await store.add('amy', '2468')
    const refused = { ok: false, waitMs: 0 }
    for (let n = 0; n < 3; n += 1) expect(await store.signIn('amy', wrong(n))).toEqual(refused)
    const waits: number[] = []
    for (let n = 3; n < 13; n += 1) {
      // Even the right one is not looked at before.
      const early = await store.signIn('amy', '2468')
      const { waitMs } = early.ok ? { waitMs: -1 } : early
      waits.push(waitMs)
      await env.advance(waitMs)
      expect(await store.signIn('amy', wrong(n))).toEqual(refused)
    }
    expect(waits.slice(0, 4)).toEqual([5_000, 10_000, 20_000, 40_000])
    expect(waits.at(-1)).toBe(900_000)
    await env.advance(900_000)
    expect(await store.signIn('amy', '2468')).toEqual({ ok: true, name: 'amy' })
    expect(await store.list()).toMatchObject([{ failures: 0 }])
  }, 60_000)

  it('count over processes, at once, and when the clock is set back', async () => {
    await store.add('amy', '2468')
    await Promise.all([0, 1, 2].map((n) => store.signIn('amy', wrong(n))))
    const other = new OperatorStore(env, dir)
    expect(await other.signIn('amy', '2468')).toEqual({ ok: false, waitMs: 5_000 })
    env.setWall(-3_600_000)
    expect(await other.signIn('amy', '2468')).toEqual({ ok: false, waitMs: 5_000 })
    await env.advance(4_999)
    expect(await other.signIn('amy', '2468')).toEqual({ ok: false, waitMs: 1 })
    await env.advance(1)
    expect((await other.signIn('amy', '2468')).ok).toBe(true)
  })
})

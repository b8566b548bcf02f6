// Who is let in, and for how long.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Access, type Principal } from '../../src/access/access.ts'
import { LINK_MS, PageLinks, SESSION_MS } from '../../src/access/links.ts'
import { TokenStore } from '../../src/access/store.ts'
import { newToken, parseToken } from '../../src/access/token.ts'
import { systemEnv, utc, VirtualEnv } from '../../src/base/env.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'wandbridge-access-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }))

const WISH = { label: 'chart', scopes: ['status'], lifeMs: 60_000 } as const

function world() {
  const env = new VirtualEnv()
  const tokens = new TokenStore(env, dir, 'device')
  return { env, tokens, access: new Access({ env, tokens, required: true }) }
}

/** Lets the store look; its reads are real, so time must pass for them, too. */
async function look(env: VirtualEnv, seen: () => boolean = () => true): Promise<void> {
  for (let i = 0; i < 4; i += 1) {
    await env.advance(250)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  for (let i = 0; i < 250 && !seen(); i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

describe('a token', () => {
  it('lets in with its text and with nothing else', async () => {
    const { tokens, access } = world()
    const { text, token } = await tokens.create(WISH)
    expect(access.authenticate(`Bearer ${text}`, undefined)).toEqual({
      id: token.id,
      auth: 'token',
      scopes: ['status'],
    })
    expect(access.authenticate(`bearer ${text}`, undefined)).toHaveProperty('id', token.id)
    expect(access.authenticate(undefined, undefined)).toBe('none')
    const { secret } = parseToken(text) as { secret: string }
    const near = `wb_${token.id}_${secret.slice(0, -1)}${secret.endsWith('a') ? 'b' : 'a'}`
    expect(access.authenticate(`Bearer ${near}`, undefined)).toBe('unknown')
    expect(access.authenticate(`Bearer ${newToken(systemEnv(), WISH).text}`, undefined)).toBe(
      'unknown',
    )
    // The hash that is kept opens nothing.
    expect(
      access.authenticate(
        `Bearer wb_${token.id}_${token.hash.replaceAll(/[0-9]/g, '2').slice(0, 32)}`,
        undefined,
      ),
    ).toBe('unknown')
    for (const wrong of [
      '',
      'Bearer',
      `Basic ${text}`,
      text,
      `Bearer ${text} x`,
      `Bearer ${text}\n`,
    ]) {
      expect(access.authenticate(wrong, undefined)).toBe('malformed')
    }
    fc.assert(
      fc.property(fc.string(), (wrong) => typeof access.authenticate(wrong, wrong) === 'string'),
    )
  })

  it('is kept as a hash, for its owner only', async () => {
    const { tokens } = world()
    const { text, token } = await tokens.create(WISH)
    const path = join(dir, 'tokens', `${token.id}.json`)
    expect(readdirSync(join(dir, 'tokens'))).toEqual([`${token.id}.json`])
    expect(readFileSync(path, 'utf8')).not.toContain(text.split('_')[2])
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(join(dir, 'tokens')).mode & 0o777).toBe(0o700)
  })

  it('expires, by the wall clock, and its holder is told within a second', async () => {
    const { env, tokens, access } = world()
    await tokens.follow()
    const { text } = await tokens.create(WISH)
    const gone: string[] = []
    access.hold(access.authenticate(`Bearer ${text}`, undefined) as Principal, (why) =>
      gone.push(why),
    )
    env.setWall(59_000)
    await look(env, () => gone.length > 0)
    expect(gone).toEqual(['expired'])
    expect(access.authenticate(`Bearer ${text}`, undefined)).toBe('expired')
    await look(env, () => gone.length > 0)
    expect(gone).toEqual(['expired'])
    tokens.close()
  })

  it('is revoked by another process within a second, and stays revoked', async () => {
    const { env, tokens, access } = world()
    const { text, token } = await tokens.create(WISH)
    const other = await tokens.create(WISH)
    await tokens.follow()
    const gone: string[] = []
    access.hold(access.authenticate(`Bearer ${text}`, undefined) as Principal, (why) =>
      gone.push(why),
    )
    access.hold(access.authenticate(`Bearer ${other.text}`, undefined) as Principal, () =>
      gone.push('other'),
    )
    expect(await new TokenStore(systemEnv(), dir, null).revoke(token.id)).toBe(true)
    await look(env, () => gone.length > 0)
    expect(gone).toEqual(['revoked'])
    expect(access.authenticate(`Bearer ${text}`, undefined)).toBe('revoked')
    expect((await tokens.list()).map((t) => t.revokedAt !== null)).toContain(true)
    expect(await tokens.revoke('00000000')).toBe(false)
    // Deleted by hand: gone all the same.
    rmSync(join(dir, 'tokens', `${other.token.id}.json`))
    await look(env)
    expect(gone).toEqual(['revoked', 'other'])
    tokens.close()
  })

  it('whose file is damaged, renamed or foreign counts for nothing', async () => {
    const { tokens, access } = world()
    const { text, token } = await tokens.create(WISH)
    const file = join(dir, 'tokens', `${token.id}.json`)
    const whole = readFileSync(file, 'utf8')
    for (const damaged of ['', '{}', whole.slice(0, 40), whole.replace('"status"', '"all"')]) {
      writeFileSync(file, damaged)
      expect(await tokens.list()).toEqual([])
      expect(access.authenticate(`Bearer ${text}`, undefined)).toBe('unknown')
    }
    rmSync(file)
    writeFileSync(join(dir, 'tokens', '01234567.json'), whole)
    expect(await tokens.list()).toEqual([])
  })

  it('is of one kind of bridge: one for another kind is known, and refused as such', async () => {
    const { tokens, access } = world()
    const { text } = await tokens.create({ ...WISH, source: 'simulator' })
    expect(access.authenticate(`Bearer ${text}`, undefined)).toBe('other-source')
    expect(access.authenticate(`Bearer ${text.slice(0, -4)}aaaa`, undefined)).toBe('unknown')
    const simulated = new TokenStore(new VirtualEnv(), dir, 'simulator')
    await simulated.follow()
    const there = new Access({ env: new VirtualEnv(), tokens: simulated, required: true })
    expect(there.authenticate(`Bearer ${text}`, undefined)).toMatchObject({ auth: 'token' })
    simulated.close()
  })

  it('that is lent lives in this process only', async () => {
    const { tokens, access } = world()
    const { text } = tokens.lend(WISH)
    expect(access.authenticate(`Bearer ${text}`, undefined)).toMatchObject({ auth: 'token' })
    expect(await tokens.list()).toEqual([])
    expect(await new TokenStore(systemEnv(), dir, null).list()).toEqual([])
  })
})

describe('a page link', () => {
  it('works once, for two minutes, and gives a session that ends', async () => {
    const { env, access } = world()
    const code = access.links.create()
    const secret = (await access.links.redeem(code)) as string
    expect(secret).toMatch(/^[0-9a-f]{40}$/)
    expect(await access.links.redeem(code)).toBeNull()
    const page = access.authenticate(undefined, secret)
    expect(page).toMatchObject({ auth: 'page-link', scopes: ['status', 'history', 'audit'] })
    expect(JSON.stringify(page)).not.toContain(secret)
    expect(access.authenticate(undefined, code)).toBe('unknown')
    // A token that is shown counts, not the cookie beside it.
    expect(access.authenticate('Bearer x', secret)).toBe('malformed')

    const late = access.links.create()
    await env.advance(LINK_MS + 1)
    expect(await access.links.redeem(late)).toBeNull()
    await env.advance(SESSION_MS)
    expect(access.authenticate(undefined, secret)).toBe('unknown')
  })

  it('is one of a bounded number', async () => {
    const { access } = world()
    const codes = Array.from({ length: 1_000 }, () => access.links.create())
    const redeemed = await Promise.all(codes.map((code) => access.links.redeem(code)))
    expect(redeemed.filter((secret) => secret !== null)).toHaveLength(64)
  })
})

describe('a page session', () => {
  const start = (env: VirtualEnv) => new PageLinks(env, join(dir, 'page-sessions.json'))
  /** The use of a session at this moment is written down; whoever reads the file before has not heard of it. */
  const noted = (wall: number) =>
    expect
      .poll(() => JSON.parse(readFileSync(join(dir, 'page-sessions.json'), 'utf8')).usedAt)
      .toBe(utc(wall))

  it('outlives the process, which keeps only its hash, for its owner', async () => {
    const env = new VirtualEnv()
    const before = start(env)
    const secret = (await before.redeem(before.create())) as string
    const { id } = before.session(secret) as { id: string }
    const file = join(dir, 'page-sessions.json')
    expect(readFileSync(file, 'utf8')).not.toContain(secret)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    // Another process: another monotonic clock, and no link of the first one.
    const later = new VirtualEnv({ wall: env.wall() + SESSION_MS - 60_000 })
    const after = start(later)
    expect(after.session(secret)).toMatchObject({ id })
    expect(after.alive(id)).toBe(true)
    await noted(later.wall())
    await later.advance(60_001)
    expect(after.session(secret)).toBeNull()
    expect(start(later).session(secret)).toBeNull()
  })

  it('is not made immortal by a clock that is set back', async () => {
    const env = new VirtualEnv()
    const before = start(env)
    const secret = (await before.redeem(before.create())) as string
    // Within one process: it lasts no longer than that process ran.
    env.setWall(-SESSION_MS / 2)
    await env.advance(SESSION_MS + 1)
    expect(before.session(secret)).toBeNull()
    // Over a restart: a clock behind the last use signs everybody out.
    const second = new VirtualEnv({ wall: env.wall() })
    const used = start(second)
    const other = (await used.redeem(used.create())) as string
    await second.advance(SESSION_MS / 2)
    expect(used.session(other)).not.toBeNull()
    await noted(second.wall())
    expect(start(second).session(other)).not.toBeNull()
    expect(start(new VirtualEnv({ wall: second.wall() - 3_600_000 })).session(other)).toBeNull()
  })

  it('is not read from a file that is damaged', async () => {
    const env = new VirtualEnv()
    const before = start(env)
    const secret = (await before.redeem(before.create())) as string
    const file = join(dir, 'page-sessions.json')
    const whole = readFileSync(file, 'utf8')
    for (const damaged of ['', '{}', whole.slice(0, -10), whole.replace('page-', 'Page-')]) {
      writeFileSync(file, damaged)
      expect(start(env).session(secret)).toBeNull()
    }
  })
})

it('nobody is asked where no access is required, and a wrong token is still wrong', () => {
  const env = new VirtualEnv()
  const access = new Access({ env, tokens: new TokenStore(env, dir, 'device'), required: false })
  expect(access.authenticate(undefined, undefined)).toMatchObject({ id: 'anyone', auth: 'none' })
  expect(access.authenticate('Bearer x', undefined)).toBe('malformed')
})

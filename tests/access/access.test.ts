// Who is let in, and for how long.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Access, type Principal } from '../../src/access/access.ts'
import { LINK_MS, SESSION_MS } from '../../src/access/links.ts'
import { TokenStore } from '../../src/access/store.ts'
import { newToken, parseToken } from '../../src/access/token.ts'
import { systemEnv, VirtualEnv } from '../../src/base/env.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'wandbridge-access-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const WISH = { label: 'chart', scopes: ['status'], lifeMs: 60_000 } as const

function world() {
  const env = new VirtualEnv()
  const tokens = new TokenStore(env, dir)
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
      sources: ['device', 'simulator', 'replay'],
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
    expect(await new TokenStore(systemEnv(), dir).revoke(token.id)).toBe(true)
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

  it('that is lent lives in this process only', async () => {
    const { tokens, access } = world()
    const { text } = tokens.lend({ ...WISH, sources: ['simulator'] })
    expect(access.authenticate(`Bearer ${text}`, undefined)).toMatchObject({
      sources: ['simulator'],
    })
    expect(await tokens.list()).toEqual([])
    expect(await new TokenStore(systemEnv(), dir).list()).toEqual([])
  })
})

describe('a page link', () => {
  it('works once, for two minutes, and gives a session that ends', async () => {
    const { env, access } = world()
    const code = access.links.create()
    const secret = access.links.redeem(code) as string
    expect(secret).toMatch(/^[0-9a-f]{40}$/)
    expect(access.links.redeem(code)).toBeNull()
    const page = access.authenticate(undefined, secret)
    expect(page).toMatchObject({ auth: 'page-link', scopes: ['status', 'history', 'audit'] })
    expect(JSON.stringify(page)).not.toContain(secret)
    expect(access.authenticate(undefined, code)).toBe('unknown')
    // A token that is shown counts, not the cookie beside it.
    expect(access.authenticate('Bearer x', secret)).toBe('malformed')

    const late = access.links.create()
    await env.advance(LINK_MS + 1)
    expect(access.links.redeem(late)).toBeNull()
    await env.advance(SESSION_MS)
    expect(access.authenticate(undefined, secret)).toBe('unknown')
  })

  it('is one of a bounded number', () => {
    const { access } = world()
    const codes = Array.from({ length: 1_000 }, () => access.links.create())
    expect(codes.filter((code) => access.links.redeem(code) !== null)).toHaveLength(64)
  })
})

it('nobody is asked where no access is required, and a wrong token is still wrong', () => {
  const env = new VirtualEnv()
  const access = new Access({ env, tokens: new TokenStore(env, dir), required: false })
  expect(access.authenticate(undefined, undefined)).toMatchObject({ id: 'anyone', auth: 'none' })
  expect(access.authenticate('Bearer x', undefined)).toBe('malformed')
})

// What the document shows is a configuration, as it stands there; and its table of answers is what happens.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { systemEnv } from '../../src/base/env.ts'
import { refusal } from '../../src/delivery/http.ts'
import { configSchema } from '../../src/host/config.ts'

const text = readFileSync(new URL('../../docs/delivery.md', import.meta.url), 'utf8')
const shown = () => parse(/```yaml\n(.*?)```/s.exec(text)?.[1] ?? '') as Record<string, unknown>

it('the example is a configuration', () => {
  const { delivery } = configSchema.parse(shown())
  expect([delivery.fhir.length, delivery.webhooks.length]).toEqual([1, 1])
})

it('names are given once among destinations of all kinds, and clear text and secrets in an address are refused', () => {
  const twice = { hl7: { destinations: [{ name: 'ehr', host: 'h', port: 1 }] }, ...shown() }
  expect(configSchema.safeParse(twice).error?.issues[0]?.message).toContain('the same name')
  const fhir = (more: object) =>
    configSchema.safeParse({ delivery: { fhir: [{ name: 'a', ...more }] } }).success
  expect(fhir({ url: 'http://elsewhere/r4' })).toBe(false)
  expect(fhir({ url: 'http://elsewhere/r4', insecure: true })).toBe(true)
  expect(fhir({ url: 'http://[::1]:8080/r4' })).toBe(true)
  expect(fhir({ url: 'https://me:secret@elsewhere/r4' })).toBe(false)
  const auth = { tokenUrl: 'http://elsewhere/t', clientId: 'a', clientSecretFile: 'b' }
  expect(fhir({ url: 'https://elsewhere/r4', auth })).toBe(false)
})

it('every status that is no success means what the table says', () => {
  const env = systemEnv()
  const rows = text.split('\n').filter((line) => /^\| \d/.test(line))
  const named = (row: string) => (row.match(/\b[45]\d\d\b/g) ?? []).map(Number)
  const [, refused = [], again = [], later = []] = rows.map(named)
  const means = (status: number) => refusal(env, { status, headers: {}, body: '' }, '').means
  for (let status = 300; status < 600; status += 1) {
    const is = means(status)
    if (later.includes(status) || status < 400) expect(is, String(status)).toBe('later')
    else if (status < 500) expect(is, String(status)).toBe('refused')
    else expect(is, String(status)).toBe('try-again')
  }
  expect([refused.length, again.length, later.length]).toEqual([6, 1, 11])
  const at = (text: string) =>
    refusal(env, { status: 503, headers: { 'retry-after': text }, body: '' }, '').afterMs
  expect(at('120')).toBe(120_000)
  expect(at('soon')).toBe(0)
  const tomorrow = new Date(env.wall() + 86_400_000).toUTCString()
  expect(at(tomorrow)).toBeGreaterThan(86_390_000)
})

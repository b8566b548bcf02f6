// What a wand may say of itself, however hostile, never costs a record; a person's reason that is too
// long is an error in words.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readRecords } from '../../src/audit/read/reader.ts'
import { verify } from '../../src/audit/verify/verify.ts'
import { bench, close, during, logDir, open } from './bench-log.ts'

/** Any UTF-16 at all, half characters included. */
const anything = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 300 })
  .map((units) => String.fromCharCode(...units))
const hostile = fc.oneof(
  anything,
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.constantFrom(
    '',
    'lower case; DROP',
    '\u001b[2J',
    '../../etc',
    '"},"x":{"',
    '\ud800',
    '😀'.repeat(40),
  ),
)

it('keeps every record, whatever the texts that were reported', async () => {
  const b = bench()
  const log = await open(b)
  const given: { pump: string; wand: string; model: string; port: string; detail: string }[] = []
  const property = fc.asyncProperty(
    fc.record({ pump: hostile, wand: hostile, model: hostile, port: hostile, detail: hostile }),
    async (texts) => {
      const { detail, ...head } = texts
      const body = {
        phase: 'ready',
        cause: 'test',
        why: { code: 'why.port', args: { text: detail.repeat(20) } },
        connected: true,
      }
      const receipt = await during(b.env, log.append({ kind: 'link', ...head, body }))
      expect(receipt).not.toBeNull()
      given.push(texts)
    },
  )
  await fc.assert(property, { numRuns: 300 })
  await close(b, log)
  expect(log.state.dropped).toBe(0)
  expect(await verify(b.disk, logDir(log), { schemas: true })).toMatchObject({ ok: true })
  let at = 0
  for await (const { record } of readRecords(b.disk, logDir(log), { kinds: ['link'] })) {
    const { pump = '', wand = '' } = given[at] ?? {}
    const whole = pump.replace(/\p{Surrogate}/gu, '\ufffd')
    if (whole.length <= 64) expect(record.pump).toBe(whole)
    else expect([record.pump?.length, record.pump?.at(-1)]).toEqual([expect.any(Number), '…'])
    expect(record.wand?.length ?? 0).toBeLessThanOrEqual(Math.min(64, Math.max(wand.length, 1)))
    at += 1
  }
  expect(at).toBe(given.length)
})

it('refuses a reason that no record can hold, in words, and records nothing', async () => {
  const b = bench()
  const log = await open(b)
  const actor = { id: 'amy', role: 'lead', auth: 'token' }
  for (const reason of ['x'.repeat(70_000), '  ']) {
    await expect(log.accept('device-1-00000000', reason, actor)).rejects.toThrow(
      'Nothing was recorded',
    )
    await expect(log.rotateKey(b.key, reason, actor)).rejects.toThrow(RangeError)
  }
  expect(log.state).toMatchObject({ dropped: 0, size: 1, state: 'ok' })
  await close(b, log)
})

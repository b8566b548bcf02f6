// Determinism: one scenario and one seed give the same bytes and the same readings, twice, in another
// process and on another version of Node. The digest is kept in a file: every run of this test, on
// whatever Node, is another process that must come to the same one. A change of the simulator, the
// protocol or the link changes it: look at why, then record it with WANDBRIDGE_RECORD=1.
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { rig } from './rig.ts'

/** Digest of all traffic and all events of one minute. */
async function run(scenario: string, seed: number, noise: string): Promise<string> {
  const hash = createHash('sha256')
  const r = await rig({
    scenario,
    seed,
    tap: (direction, bytes, port) =>
      void hash.update(`${direction} ${port} ${Buffer.from(bytes).toString('hex')}\n`),
  })
  r.bridge.start()
  await r.command({ do: 'noise', level: noise })
  await r.env.advance(60_000)
  await r.stop()
  for (const event of r.events) hash.update(`${JSON.stringify(event)}\n`)
  expect(r.events.some((e) => e.kind === 'reading')).toBe(true)
  return hash.digest('hex')
}

describe('the same seed', () => {
  it.each(['none', 'high'])(
    'gives the same traffic and readings twice, noise %s',
    async (noise) => {
      const first = await run('normal-refill', 7, noise)
      expect(await run('normal-refill', 7, noise)).toBe(first)
      expect(await run('normal-refill', 8, noise)).not.toBe(first)
    },
  )

  it('gives what was recorded when this was written, on every version of Node', async () => {
    const digest = await run('normal-refill', 42, 'low')
    const kept = new URL('./determinism.digest', import.meta.url).pathname
    if (process.env['WANDBRIDGE_RECORD'] === '1') writeFileSync(kept, digest)
    expect(digest).toBe(readFileSync(kept, 'utf8').trim())
  })
})

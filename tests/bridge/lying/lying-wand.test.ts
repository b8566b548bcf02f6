// Random wands that lie, stall, repeat themselves and mix things up: whatever they do, no surface shows as
// current what the implant did not confirm lately, an age younger than the truth, a value of another pump
// or source, or fewer alarms than the wand reported.
import { describe, expect, it } from 'vitest'
import { FOUND } from './found.ts'
import { storyOf } from './lies.ts'
import { play } from './run.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const WANDS = Number(process.env['WANDBRIDGE_WANDS'] ?? (LONG ? 10_000 : 6))
const FIRST = Number(process.env['WANDBRIDGE_FIRST'] ?? 1)

describe('wands that lie', () => {
  it.each(FOUND)('do not do again what seed $seed found', async (story) => {
    expect(await play(story)).toMatchObject({ wrong: null })
  })

  it(`never make a surface say more than is known, over ${WANDS} of them`, {
    timeout: LONG ? 7_200_000 : 240_000,
  }, async () => {
    let current = 0
    let wholes = 0
    for (let seed = FIRST; seed < FIRST + WANDS; seed += 1) {
      const played = await play(storyOf(seed))
      expect(played.wrong, `seed ${seed}`).toBeNull()
      current += played.current
      wholes += played.wholes
    }
    // They are not so bad that nothing was shown at all.
    expect(current).toBeGreaterThan(WANDS * 100)
    expect(wholes).toBeGreaterThan(WANDS / 2)
  })
})

// What is said of a link that was lost claims no more than is known of it.
import { describe, expect, it } from 'vitest'
import { Interpreter } from '../../../src/drivers/open-wand/interpret.ts'
import type { LinkNews } from '../../../src/drivers/open-wand/link-state.ts'

const at = { wall: 0, mono: 0 }
const phase = (phase: string, cause: string) =>
  ({ kind: 'phase', phase, cause, why: null }) as LinkNews

function lostAfter(refused: number, openedAgain = false) {
  let order = 0
  const one = new Interpreter('/dev/wand', 'device', { nextOrder: () => order++ })
  one.interpret(phase('greeting', 'opened'), 1, at)
  for (let i = 0; i < refused; i += 1) one.refused('noise', { frames: 1, bytes: 3 }, 1, at)
  if (openedAgain) one.interpret(phase('greeting', 'opened'), 2, at)
  const [event] = one.interpret(phase('waiting', 'no-answer'), 2, at)
  return event
}

describe('a port on which no wand answers', () => {
  it('says that bytes came, if they did since it was opened', () => {
    expect(lostAfter(0)).toMatchObject({ cause: 'no-answer', why: null })
    const why = { code: 'why.refused-bytes', args: { bytes: 12 } }
    expect(lostAfter(4)).toMatchObject({ cause: 'no-answer', why })
    expect(lostAfter(4, true)).toMatchObject({ why: null })
  })
})

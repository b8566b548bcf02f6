// The table of ends: complete, never well while a session is not known to be closed, and looked up by how
// the wands stand.
import { describe, expect, it } from 'vitest'
import { ENDS, endOf, standOf } from '../../src/cli/ends.ts'
import { Exit } from '../../src/cli/exit.ts'
import { WORDS } from '../../src/words/words.ts'

const words = WORDS['en-US']
const session = (code: string, closeConfirmed: boolean | null) => ({
  ...{ id: 7, state: 'none', closeConfirmed, openedAt: null, endedAt: null },
  ...{ code, args: {} },
})
const wand = (code: string, closeConfirmed: boolean | null, unclosed: readonly string[] = []) =>
  ({
    session: session(`session.${code}`, closeConfirmed),
    unclosed: unclosed.map((why) => ({
      ...{ why, session: 7, pump: 'SIM-0001', code: `unclosed.${why}`, args: {} },
    })),
  }) as never

/** Wands that stand as each row says. */
const STANDING = {
  none: wand('none', null),
  confirmed: wand('confirmed', true),
  'let-go': wand('ended-by-wand', false),
  unconfirmed: wand('unconfirmed', false, ['stuck']),
  lost: wand('lost', false, ['cable-lost']),
  'ended-by-wand': wand('ended-by-wand', false, ['ended-by-wand']),
  reported: wand('none', null, ['stuck']),
} as const

describe('the ends of commands', () => {
  it('has a row for every command, way a session ended, and signal', () => {
    const count = (key: 'command' | 'stand' | 'signal') => new Set(ENDS.map((row) => row[key])).size
    expect(ENDS).toHaveLength(count('command') * count('stand') * count('signal'))
    expect([count('command'), count('stand'), count('signal')]).toEqual([5, 7, 4])
  })

  it.each(ENDS)('$command, $stand, $signal: $code', ({ command, stand, signal, code, says }) => {
    expect(standOf(STANDING[stand])).toBe(stand)
    const end = endOf(command, [STANDING[stand]], signal, words)
    expect(end.code).toBe(code)
    const closed = ['none', 'confirmed', 'let-go'].includes(stand)
    if (!closed) {
      expect(code).toBe(Exit.NOT_READ)
      expect(end.lines.join(' ')).toMatch(/SIM-0001: /)
      expect(end.lines.join(' ')).toMatch(/hold/i)
    } else expect(code).toBe(command === 'status' && signal !== 'none' ? Exit.NOT_READ : Exit.OK)
    expect(end.lines.length > 0).toBe(stand !== 'none')
    if (says) expect(end.lines[0]).toMatch(/session/i)
  })

  it('is that of the worst of several wands, and says each', () => {
    const { code, lines } = endOf(
      'watch',
      [STANDING.confirmed, STANDING.lost, STANDING.none],
      'SIGTERM',
      words,
    )
    expect(code).toBe(Exit.NOT_READ)
    expect(lines).toHaveLength(3)
  })
})

// A whole refill in a real terminal of 80 columns, from the first reading to a sheet that the log knows.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { endAll, eventually, MAIN, run, start, temporary } from './programs.ts'
import { world } from './refill-world.ts'

const MS = 240_000

afterAll(endAll)

/** What a terminal was told, in words: every move of the cursor begins a line. */
function screen(told: string): string {
  const ESC = String.fromCharCode(27)
  return told
    .split(ESC)
    .map((part, i) =>
      i === 0 ? part : part.replace(/^\[[0-9;?]*([A-Za-z])/, (_, end) => (end === 'm' ? '' : '\n')),
    )
    .join('')
}

describe('a refill in the terminal', () => {
  it('goes the same way, at 80 columns', { timeout: MS }, async () => {
    const here = await world()
    const added = spawnSync(
      process.execPath,
      [MAIN, 'operator', 'add', 'C. Tech', '--state-dir', here.state],
      { input: '2468\n' },
    )
    expect(added.status).toBe(0)
    const command = `stty cols 80 rows 60; exec ${process.execPath} ${MAIN} refill --terminal --state-dir ${here.state} --config ${here.config}`
    const program = run('script', ['-qfec', command, join(temporary(), 'typescript')], {
      TERM: 'xterm-256color',
    })
    const plain = () => screen(program.out())
    let from = 0
    /** Waits for a question, then answers it; what came before is done with. */
    const answer = async (question: string, keys: string) => {
      await eventually(
        () => plain().slice(from),
        (words) => words.includes(question),
        60_000,
      )
      from = plain().length
      program.child.stdin?.write(keys)
    }
    const says = (sentence: string) =>
      eventually(
        () => plain().replace(/[\s│]+/g, ' '),
        (words) => words.includes(sentence),
        60_000,
      )
    await answer('Who is writing', '\r')
    await answer('PIN', '1111\r')
    await says('That is not this name with its PIN. Nobody has signed in.')
    await answer('Who is writing', '\r')
    await answer('PIN', '2468\r')
    await says('C. Tech has signed in.')
    await answer('Last four characters', '0020\r')
    await answer('pseudonym', '\r')
    await says('SIMULATOR. A practice refill')
    // The reading that is there is the second choice.
    await answer('Is the wand over the pump?', '\x1b[B\r')
    await answer('Drug on the label', 'Morphine\r')
    await answer('Concentration on the label', '10\r')
    await answer('Unit on the label', '\x1b[B\r')
    await answer('Lot', 'B-221\r')
    await answer('Expiry date', 'Dec-2099\r')
    await answer('Prepared by', 'Pharmacy 2\r')
    await answer('Syringe checked against', 'F. Nurse\r')
    await answer('Volume aspirated', '4,600\r')
    await answer('Discarded by', 'A. Nurse\r')
    await answer('Witnessed by', 'B. Nurse\r')
    await says('4,600 is unclear. Type 4.6 or 4600.')
    await answer('Volume aspirated', '\x154.6\r')
    await says('0.4 mL less came out than expected (4.6 mL aspirated, 5 mL expected).')
    await answer('Volume injected', '20\r')
    await answer('Has the pump been programmed?', '\x1b[B\r')
    await answer('Dose of one day on the order', '25\r')
    await answer('Unit on the order', '\x1b[B\r')
    await here.pump.command({ do: 'drain' })
    await here.pump.command({ do: 'refill', volume: 20_000_000, program: true })
    await answer('Is the wand over the pump?', '\r')
    await says('5 mL before, 20 mL after. Changed.')
    await says('NOT CHANGED: Mode: Simple continuous → Simple continuous')
    await says('Drug 1: the pump is programmed with 2.5 mg/day, the order says 25 mg/day.')
    await answer('What was found and done', 'The clock is set at the next visit.\r')
    await answer('What was found and done', 'ok\r')
    await answer('Operator', 'C. Tech\r')
    await answer('Second checker', 'D. Tech\r')
    await says('“ok” says neither')
    await answer('What was found and done', 'Order read again: it says 2.5 mg.\r')
    await says('reported by the pump, by the pump’s own clock.')
    expect(await program.exit).toBe(0)
    const widest = Math.max(
      ...plain()
        .split(/[\r\n]+/)
        .map((line) => line.length),
    )
    expect(widest).toBeLessThanOrEqual(80)
    const [, id = ''] = /refill print (\S+)/.exec(plain()) ?? []
    const kept = join(here.state, 'kept.html')
    const made = start(['refill', 'print', id, '--out', kept, '--state-dir', here.state])
    expect(await made.exit).toBe(0)
    const good = start(['audit', 'verify', '--sheet', kept, '--state-dir', here.state])
    expect(await good.exit).toBe(0)
    expect(plain()).not.toContain('2468')
    expect(readFileSync(kept, 'utf8')).toMatch(
      /Wrote down: Finish, [^<]*<\/dt><dd>C\. Tech, signed in with PIN/,
    )
  })
})

// A whole refill in a real terminal of 80 columns, from the first reading to a sheet that the log knows.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { endAll, MAIN, start } from './programs.ts'
import { CLOCK_LOST, EVERYTHING, MUST_BE_FOUND, PROGRAMMED, STOPPED } from './refill-programmed.ts'
import { CTRL_C, DOWN, ENTER, Terminal } from './refill-pty.ts'
import { type World, world } from './refill-world.ts'

const MS = 240_000

afterAll(endAll)

describe('a refill in the terminal', () => {
  it('goes the same way, at 80 columns', { timeout: MS }, async () => {
    const here = await world()
    const added = spawnSync(
      process.execPath,
      [MAIN, 'operator', 'add', 'C. Tech', '--state-dir', here.state],
      { input: '2468\n' },
    )
    expect(added.status).toBe(0)
    const terminal = new Terminal(here)
    const { program } = terminal
    const answer = (question: string, keys: string) => terminal.answer(question, keys)
    const says = (sentence: string) => terminal.says(sentence)
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
    expect(terminal.widest).toBeLessThanOrEqual(80)
    const [, id = ''] = /refill print (\S+)/.exec(terminal.plain()) ?? []
    const kept = join(here.state, 'kept.html')
    const made = start(['refill', 'print', id, '--out', kept, '--state-dir', here.state])
    expect(await made.exit).toBe(0)
    const good = start(['audit', 'verify', '--sheet', kept, '--state-dir', here.state])
    expect(await good.exit).toBe(0)
    expect(terminal.plain()).not.toContain('2468')
    expect(readFileSync(kept, 'utf8')).toMatch(
      /Wrote down: Finish, [^<]*<\/dt><dd>C\. Tech, signed in with PIN/,
    )
  })
})

const ANSWER = 'What was found and done'
const LAST = 'Second checker'

/** Gives every finding that asks the same answer, and signs; how many there were. */
async function sign(terminal: Terminal, text: string): Promise<number> {
  for (let n = 0; ; n += 1) {
    const question = await terminal.which([ANSWER, 'Operator'])
    if (question === 'Operator') {
      terminal.press(`C. Tech${ENTER}`)
      await terminal.which([LAST])
      terminal.press(`D. Tech${ENTER}`)
      return n
    }
    terminal.press(`${text}${ENTER}`)
  }
}

/** Answers so many that were not taken once more. */
async function again(terminal: Terminal, n: number, text: string): Promise<void> {
  for (let i = 0; i < n; i += 1) {
    await terminal.which([ANSWER])
    terminal.press(`${text}${ENTER}`)
  }
}

const MARKS = /Not answered yet: (.*?)(?=Not answered yet:|Nothing was written\.)/g

/** Nobody can sign while nothing is answered; what was asked, in words. */
async function unsigned(terminal: Terminal): Promise<string[]> {
  const n = await sign(terminal, '')
  await terminal.says('Nothing was written.')
  await terminal.which([ANSWER])
  const asked = [...terminal.since().matchAll(MARKS)].map(([, finding]) => finding?.trim() ?? '')
  expect(asked).toHaveLength(n)
  return asked
}

/** Leaves where it is, and comes back to the same sheet to read the pump once more. */
async function readAgain(here: World, before: Terminal): Promise<Terminal> {
  before.press(CTRL_C)
  await before.program.exit
  const terminal = new Terminal(here)
  await terminal.which(['Refill worksheet'])
  terminal.press(`${DOWN}${ENTER}`)
  await terminal.which(['Pump SIM-0020'])
  // After "go on" come the drug, two volumes, the programming and the reading after.
  terminal.press(`${DOWN.repeat(5)}${ENTER}`)
  await terminal.which(['Is the wand over the pump?'])
  terminal.press(ENTER)
  return terminal
}

describe('a refill in which everything is another afterwards, in the terminal', () => {
  it('is signed only with an answer to each', { timeout: MS }, async () => {
    const here = await world(PROGRAMMED)
    let terminal = new Terminal(here)
    const answers = async (...all: readonly (readonly [string, string])[]) => {
      for (const [question, keys] of all) {
        await terminal.which([question])
        terminal.press(`${keys}${ENTER}`)
      }
    }
    await answers(
      ['Last four characters', '11'],
      ['Patient pseudonym', ''],
      ['Last four characters', '\x150020'],
      ['Is the wand over the pump?', DOWN],
      ['Drug 1. Drug on the label', 'Morphine'],
      ['Drug 1. Concentration', '10'],
      ['Unit on the label', DOWN],
      ['Drug 1. Lot', 'B-221'],
      ['Drug 1. Expiry', 'Dec-2099'],
      ['Drug 2. Drug on the label', 'Clonidine'],
      ['Drug 2. Concentration', '50'],
      // mg where the pump has mcg.
      ['Unit on the label', DOWN],
      ['Drug 2. Lot', 'C-9'],
      ['Drug 2. Expiry', 'Dec-2099'],
      ['Prepared by', 'Pharmacy 2'],
      ['Syringe checked against', 'F. Nurse'],
      ['What was done about it', 'ok'],
      ['What was done about it', '\x15Label read again by both: it says mcg.'],
      ['Volume aspirated', '5'],
      ['Discarded by', 'A. Nurse'],
      ['Witnessed by', 'A. Nurse'],
      ['Witnessed by', '\x15B. Nurse'],
      ['Volume injected', '200'],
      ['Volume injected', '\x1520'],
      ['Has the pump been programmed?', DOWN],
      ['Drug 1. Dose of one day', ''],
      ['Drug 2. Dose of one day', ''],
    )
    await here.pump.command({ do: 'drain' })
    await here.pump.command({ do: 'refill', volume: 20_000_000 })
    await here.pump.command(EVERYTHING)
    await answers(['Is the wand over the pump?', ''])
    const changed = await unsigned(terminal)
    expect(changed.length).toBeGreaterThanOrEqual(MUST_BE_FOUND.length)
    expect(changed.join(' ')).toMatch(/480 min before, 8 min after\. Write down whether/)

    await here.pump.command(STOPPED)
    terminal = await readAgain(here, terminal)
    expect(await unsigned(terminal)).toContain(
      'After: The pump is NOT INFUSING. It says: Stopped. Mode: Stopped.',
    )

    await here.pump.command(CLOCK_LOST)
    terminal = await readAgain(here, terminal)
    const lost = await unsigned(terminal)
    expect(lost.join(' ')).toMatch(/lost its time .* was set back by/)
    await again(terminal, lost.length, 'ok')
    await terminal.which([ANSWER])
    expect(terminal.since()).toContain('“ok” says neither')
    const answer = 'Seen by Dr. E., who stays with the patient.'
    await again(terminal, lost.length, `\x15${answer}`)
    expect(await terminal.program.exit).toBe(0)
    expect(terminal.widest).toBeLessThanOrEqual(80)
    const [, id = ''] = /refill print (\S+)/.exec(terminal.plain()) ?? []
    const exported = start(['refill', 'export', id, '--text', '--state-dir', here.state])
    expect(await exported.exit).toBe(0)
    expect(exported.out().split(answer)).toHaveLength(lost.length + 1)
  })
})

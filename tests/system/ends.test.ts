// How commands end, by real processes over a pty: each is brought into a row of the table of ends, and must
// end with the code and the sentence that the row has.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ENDS, type End, type Holder, type Stand } from '../../src/cli/ends.ts'
import { sentence, WORDS } from '../../src/words/words.ts'
import { endAll, eventually, type Program, type Sim, sim, start, temporary } from './programs.ts'

const MS = 90_000
const LONG = process.env['WANDBRIDGE_LONG'] === '1'
afterAll(endAll)

const STUCK = { do: 'fault', fault: 'stuck-telemetry', on: true }

const SOURCE = ['--source', 'simulator']
const follow = (command: 'watch' | 'serve', port: string) =>
  start([
    ...[command, ...SOURCE, '--policy', 'continuous', '--serial', port],
    ...['--state-dir', temporary(), ...(command === 'serve' ? ['--listen', 'none'] : [])],
  ])
const once = (port: string, dir = temporary()) =>
  start(['status', ...SOURCE, '--timeout', '20', '--serial', port, '--state-dir', dir])

const says = (program: Program, what: RegExp) =>
  eventually(
    () => `${program.out()}${program.err()}`,
    (text) => what.test(text),
    30_000,
  )

/** Brings a wand and a command that follows it to where its session stands as `stand` says. */
const PREPARE: Partial<Record<Stand, (pump: Sim, begin: () => Program) => Promise<Program>>> = {
  none: async (pump, begin) => {
    await pump.command({ do: 'lift' })
    const program = begin()
    await says(program, /The wand answers/)
    return program
  },
  confirmed: async (_, begin) => {
    const program = begin()
    await says(program, /Session kept open/)
    return program
  },
  unconfirmed: async (pump, begin) => {
    await pump.command(STUCK)
    const program = begin()
    await says(program, /Session kept open/)
    return program
  },
  lost: async (pump, begin) => {
    const program = begin()
    await says(program, /Session kept open/)
    await pump.command({ do: 'unplug' })
    await says(program, /Signal lost/)
    return program
  },
  reported: async (pump, begin) => {
    await pump.command(STUCK)
    expect(await once(pump.port).exit).toBe(4)
    await pump.command({ do: 'lift' })
    const program = begin()
    await says(program, /The wand answers/)
    await new Promise((resolve) => setTimeout(resolve, 500))
    return program
  },
}

const rowOf = (command: Holder, stand: Stand, signal: End['signal']) =>
  ENDS.find((row) => row.command === command && row.stand === stand && row.signal === signal) as End

async function endsAs(program: Program, { code, says: told, stand }: End): Promise<void> {
  expect(await program.exit).toBe(code)
  if (told) expect(program.err()).toContain(sentence(WORDS['en-US'], told))
  if (stand === 'reported') expect(program.err()).toMatch(/not confirmed closed/)
}

const WATCHED = ENDS.filter(
  ({ command, stand, signal }) =>
    (command === 'watch' || (command === 'serve' && (LONG || stand === 'unconfirmed'))) &&
    stand in PREPARE &&
    (signal === 'SIGTERM' || (LONG && signal !== 'none')),
)

describe.concurrent('a command that follows a wand', () => {
  it.each(WATCHED)('$command, $stand, $signal: $code', { timeout: MS }, async (row) => {
    const pump = await sim('pty')
    const command = row.command as 'watch' | 'serve'
    const program = await PREPARE[row.stand]?.(pump, () => follow(command, pump.port))
    program?.child.kill(row.signal as 'SIGTERM')
    await endsAs(program as Program, row)
  })
})

describe.concurrent('status', () => {
  it('ends well after a confirmed close, and not after another', { timeout: MS }, async () => {
    const pump = await sim('pty')
    await endsAs(once(pump.port), { ...rowOf('status', 'confirmed', 'none'), says: null })
    await pump.command(STUCK)
    await endsAs(once(pump.port), rowOf('status', 'unconfirmed', 'none'))
    await pump.command({ do: 'lift' })
    await endsAs(once(pump.port), rowOf('status', 'reported', 'none'))
  })

  it('with its cable pulled while it reads says that a session is open', {
    timeout: MS,
  }, async () => {
    const pump = await sim('pty')
    const dir = temporary()
    const program = once(pump.port, dir)
    await opened(dir)
    await pump.command({ do: 'unplug' })
    await endsAs(program, rowOf('status', 'lost', 'none'))
  })

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'interrupted by %s while it reads closes its session, and says how',
    {
      timeout: MS,
    },
    async (signal) => {
      for (const stand of LONG
        ? (['confirmed', 'unconfirmed'] as const)
        : (['unconfirmed'] as const)) {
        const pump = await sim('pty')
        if (stand === 'unconfirmed') await pump.command(STUCK)
        const dir = temporary()
        const program = once(pump.port, dir)
        await opened(dir)
        program.child.kill(signal)
        expect(program.out()).toBe('')
        await endsAs(program, rowOf('status', stand, signal))
        expect(program.err()).toContain('Interrupted. Nothing is shown.')
      }
    },
  )
})

/** The log says that a session was opened. */
const opened = (dir: string) =>
  eventually(
    () =>
      readdirSync(dir, { recursive: true, withFileTypes: true }).some(
        (entry) =>
          // Only the log: other files come and go.
          entry.name.endsWith('.jsonl') &&
          readFileSync(join(entry.parentPath, entry.name), 'latin1').includes('"event":"opened"'),
      ),
    Boolean,
    30_000,
  )

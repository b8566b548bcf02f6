// Commands as JSON lines: each one answered, none fatal.
import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { readLine } from '../../simulator/commands.ts'
import {
  CommandSchema,
  type Simulator,
  serveCommands,
  startSimulator,
} from '../../simulator/index.ts'
import { VirtualEnv } from '../../src/base/env.ts'
import { fakeWorld } from './world.ts'

let simulator: Simulator
let world: ReturnType<typeof fakeWorld>

async function start(): Promise<void> {
  world = fakeWorld()
  simulator = await startSimulator({ env: new VirtualEnv(), world, wands: 2 })
}

afterEach(() => simulator?.stop())

async function serve(lines: string[]): Promise<{ ok: boolean; message: string }[]> {
  const input = new PassThrough()
  const output = new PassThrough()
  const served = serveCommands(simulator, input, output)
  input.end(lines.join('\n'))
  await served
  const text = String(output.read() ?? '')
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}

describe('command lines', () => {
  it('do what they say, in order', async () => {
    await start()
    const answers = await serve([
      '{"do":"lift"}',
      '{"do":"place"}',
      '{"do":"move","gap":20,"angle":-30}',
      '{"do":"noise","level":"high","faults":{"drop":0}}',
      '{"do":"noise"}',
      '{"do":"present","pump":"SIM-0002"}',
      '{"do":"present","pump":null}',
      '{"do":"refill","volume":1}',
      '{"do":"present","pump":0}',
      '{"do":"unplug"}',
      '{"do":"plug"}',
      '{"do":"restart-wand"}',
      '{"do":"advance","days":90,"hours":12}',
      '{"do":"drain"}',
      '{"do":"refill","volume":18000000,"program":true}',
      '{"do":"program","change":{"rate":300000}}',
      '{"do":"alarm","code":"motor-stall"}',
      '{"do":"patient-bolus"}',
      '{"do":"fault","fault":"over-infusion","on":false}',
    ])
    expect(answers.filter((answer) => !answer.ok)).toEqual([
      { ok: false, message: 'There is no pump under the wand.' },
    ])
    expect(answers).toHaveLength(19)
    expect(answers[2]?.message).toBe(
      'The wand is 20 mm over the skin, the pump 12 mm under it, at -30 degrees.',
    )
    expect(answers[11]?.message).toBe('The wand has restarted: boot 2.')
    expect(world.made[0]?.elapsed).toBe(90.5 * 86_400_000)
    expect(world.made[0]?.commands).toEqual([
      { do: 'drain' },
      { do: 'refill', volume: 18_000_000, program: true },
      { do: 'program', change: { rate: 300_000 } },
      { do: 'alarm', code: 'motor-stall', on: true },
      { do: 'patient-bolus' },
      { do: 'fault', fault: 'over-infusion', on: false },
    ])
  })

  it('reach the wand they name', async () => {
    await start()
    expect(await serve(['{"do":"drain","wand":1}'])).toMatchObject([{ ok: true }])
    expect(world.made.map((pump) => pump.commands.length)).toEqual([0, 0, 1, 0])
    expect(await serve(['{"do":"drain","wand":2}'])).toEqual([
      { ok: false, message: 'There is no wand 2: they are numbered from 0 to 1.' },
    ])
  })

  it.each([
    ['nonsense', 'This line is not JSON. Send one object a line, such as {"do":"lift"}.'],
    ['{}', expect.stringContaining('"do" must be one of move, lift')],
    ['[1]', expect.stringContaining('"do" must be one of')],
    ['null', expect.stringContaining('"do" must be one of')],
    ['{"do":"fly"}', expect.stringContaining('"do" must be one of')],
    ['{"do":"refill"}', expect.stringMatching(/^refill volume: /)],
    ['{"do":"lift","high":1}', expect.stringContaining('high')],
    ['{"do":"noise","faults":{"fire":1}}', expect.stringMatching(/^noise faults/)],
    [
      '{"do":"present","pump":9}',
      'There is no pump 9. This scenario has 0 (SIM-0001), 1 (SIM-0002).',
    ],
  ])('answer %s with what is wrong', async (line, message) => {
    await start()
    expect(await serve([line, '', '{"do":"lift"}'])).toEqual([
      { ok: false, message },
      { ok: true, message: 'The wand is lifted.' },
    ])
  })

  it('survive any line', async () => {
    await start()
    const names = CommandSchema.options.map((option) => option.shape.do.value)
    const object = fc.record(
      {
        do: fc.constantFrom(...names),
        wand: fc.nat(2),
        volume: fc.jsonValue(),
        change: fc.jsonValue(),
        days: fc.jsonValue(),
        pump: fc.jsonValue(),
        level: fc.jsonValue(),
        code: fc.jsonValue(),
        fault: fc.jsonValue(),
      },
      { requiredKeys: ['do'] },
    )
    const line = fc.oneof(
      fc.string(),
      fc.json(),
      object.map((value) => JSON.stringify(value)),
    )
    await fc.assert(
      fc.asyncProperty(line, async (text) => {
        const command = readLine(text)
        const result =
          typeof command === 'string'
            ? { ok: false, message: command }
            : await simulator.command(command)
        expect(typeof result.ok).toBe('boolean')
        expect(result.message.length).toBeGreaterThan(5)
      }),
      { numRuns: process.env.WANDBRIDGE_LONG === '1' ? 20_000 : 500 },
    )
  })
})

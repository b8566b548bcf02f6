// Rounds in turn: each contender does one, then each again, in an order that goes round. A ratio is taken of the
// two in the same turn, and the median of these is what is told: what else the computer does meets both alike.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Carrier, ContenderName, Round } from './contender.ts'

export interface Measured {
  readonly name: ContenderName
  /** One for each turn. */
  readonly rounds: readonly Round[]
}

/** The quartiles. */
export interface Spread {
  readonly low: number
  readonly median: number
  readonly high: number
}

export function spread(numbers: readonly number[]): Spread {
  const sorted = [...numbers].sort((a, b) => a - b)
  const at = (q: number) => sorted[Math.round((sorted.length - 1) * q)] ?? Number.NaN
  return { low: at(0.25), median: at(0.5), high: at(0.75) }
}

/** Thousands of frames in a second of processor time. */
export const rateOf = ({ frames, cpuMs }: Round): number => frames / cpuMs

export const ratio = (a: Measured, b: Measured): Spread =>
  spread(a.rounds.map((round, i) => rateOf(round) / rateOf(b.rounds[i] as Round)))

async function start(program: string, name: ContenderName): Promise<ChildProcess> {
  const child = fork(program, ['--contender', name])
  child.setMaxListeners(0)
  const [said] = await Promise.race([once(child, 'message'), once(child, 'exit')])
  if (said !== 'ready') throw new Error(`${name} did not start`)
  return child
}

async function ask(child: ChildProcess, carrier: Carrier): Promise<Round> {
  child.send(carrier)
  const [answer] = await Promise.race([once(child, 'message'), once(child, 'exit')])
  if (typeof answer !== 'object') throw new Error(`a contender ended: ${answer}`)
  return answer as Round
}

/** `program` is what is started for a contender. */
export async function inTurns(
  program: string,
  names: readonly ContenderName[],
  carrier: Carrier,
  turns: number,
): Promise<readonly Measured[]> {
  const children = await Promise.all(names.map((name) => start(program, name)))
  const rounds = names.map((): Round[] => [])
  try {
    for (let turn = -2; turn < turns; turn += 1) {
      for (let k = 0; k < names.length; k += 1) {
        const i = (k + turn + names.length * 2) % names.length
        const round = await ask(children[i] as ChildProcess, carrier)
        // The first two are to be warm.
        if (turn >= 0) rounds[i]?.push(round)
      }
    }
  } finally {
    for (const child of children) child.kill()
  }
  return names.map((name, i) => ({ name, rounds: rounds[i] ?? [] }))
}

// The benches that run as programs of their own, as parts of the table.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ASKED, type Part } from './asked.ts'
import type { Spread } from './rounds.ts'
import type { Said } from './row.ts'

const HERE = fileURLToPath(new URL('..', import.meta.url))
const MOST_MS = 1_500_000

/** In the whole table these count as much as by themselves; of the others that takes long, or changes nothing. */
const WHOLE: readonly Part[] = ['http', 'stream', 'memory', 'audit']

/** Nothing, if it failed or did not end in time. What it tells beside its result goes where ours goes. */
export function program(part: Part, quick: boolean): Said {
  const short = quick || !WHOLE.includes(part)
  const args = ['--expose-gc', join(HERE, `${part}.js`), ...(short ? ['--quick'] : [])]
  const { stdout, status, signal } = spawnSync(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    timeout: MOST_MS,
  })
  if (status !== 0) {
    console.error(`The bench ${part} ended with ${status ?? signal}: its rows are not measured.`)
    return {}
  }
  const said: unknown = JSON.parse(stdout)
  return Object.fromEntries(
    ASKED[part].flatMap(({ at }): [string, Spread][] => {
      const value = at.split('.').reduce<unknown>((one, key) => partOf(one, key), said)
      if (typeof value !== 'number') return []
      return [[at, { low: value, median: value, high: value }]]
    }),
  )
}

function partOf(one: unknown, key: string): unknown {
  return typeof one === 'object' && one !== null ? Reflect.get(one, key) : undefined
}

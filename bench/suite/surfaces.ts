// The benches that run as programs of their own, quickly, as rows of the table.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Row } from './rows.ts'

const HERE = fileURLToPath(new URL('..', import.meta.url))

interface Said {
  readonly [key: string]: number | string | Said
}

const MOST_MS = 240_000

/** Null = it failed, or did not end in time. */
function run(name: string): Said | null {
  const { stdout, status } = spawnSync(process.execPath, [join(HERE, `${name}.js`), '--quick'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    timeout: MOST_MS,
  })
  if (status !== 0) console.error(`The bench ${name} ended with ${status}: its rows are empty.`)
  if (status !== 0) return null
  return JSON.parse(stdout) as Said
}

const at = (said: Said | null, path: string): number => {
  const found = path
    .split('.')
    .reduce<unknown>((one, key) => (one as Said | null | undefined)?.[key], said)
  return typeof found === 'number' ? found : Number.NaN
}

type Must = Row['must']
const PROGRAMS: Readonly<
  Record<string, readonly (readonly [string, string, string, Must, string])[]>
> = {
  http: [
    ['status requests a second', 'bare node:http', 'status.ratio', { least: 0.9 }, '×'],
    ['p99 of an event to 200 clients', 'broadcast by hand', 'p99Ratio', { most: 1 }, '×'],
    ['memory of a client of the stream', 'itself', 'events.ours.kBPerClient', null, 'kB'],
  ],
  feed: [
    [
      'feed, every record parsed',
      'lines + JSON.parse',
      'ratios.feedParsedToRawParsed',
      { least: 0.5 },
      '×',
    ],
  ],
  audit: [
    ['audit, lone append', 'write + fdatasync', 'ratios.loneToRaw', null, '×'],
    ['audit, 64 waiting writers', 'write + fdatasync', 'ratios.waiting64ToRaw', null, '×'],
    ['audit, verified a second', 'itself', 'perSecond.verify', null, 'records'],
  ],
  clone: [
    ['clone → first reading', 'itself', 'seconds.untilReading', { most: 10 }, 's'],
    ['its build', 'itself', 'seconds.build', { most: 2 }, 's'],
    ['what a clone installs to run', 'itself', 'clone.bytesMB', { most: 60 }, 'MB'],
    ['what the package installs', 'itself', 'package.bytesMB', { most: 60 }, 'MB'],
  ],
  wands: [
    [
      'processor per frame, 1,024 wands at line rate',
      '1 wand',
      'lineRate.flat',
      { most: 1.2 },
      '×',
    ],
    ['processor per frame over TCP, 1,024 wands', '1 wand', 'tcp.flat', { most: 1.2 }, '×'],
    [
      'processor per wand, 256 bridges of the simulator',
      '1 wand',
      'reading.flat',
      { most: 1.2 },
      '×',
    ],
    [
      'wands on one processor, simulated wand included',
      'itself',
      'reading.perProcessor',
      null,
      'wands',
    ],
  ],
}

/** What varies between runs of these is told by their own README. */
export const surfaces = (): readonly Row[] =>
  Object.entries(PROGRAMS).flatMap(([program, rows]) => {
    const said = run(program)
    return rows.map(([work, against, path, must, unit]) => {
      const value = at(said, path)
      return { work, against, measured: { low: value, median: value, high: value }, must, unit }
    })
  })

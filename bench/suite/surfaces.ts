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

/** Null = it failed, or did not end in time. What it tells beside its result goes where ours goes. */
function run(name: string): Said | null {
  console.error(`bench ${name} …`)
  const program = ['--expose-gc', join(HERE, `${name}.js`), '--quick']
  const { stdout, status } = spawnSync(process.execPath, program, {
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
/** Work, against what, where it stands in what the program says, what is asked, unit, and why it is not reached. */
type Place = readonly [string, string, string, Must, string, string?]
const PROGRAMS: Readonly<Record<string, readonly Place[]>> = {
  http: [
    [
      'status requests a second',
      'bare node:http, our headers',
      'status.rateRatio',
      { least: 0.9 },
      '×',
      'see the next row: where load and server share a processor, the rate follows the processor time',
    ],
    [
      'the same in processor time of the server',
      'bare node:http, our headers',
      'status.processorRatio',
      { least: 0.9 },
      '×',
      'the framework alone takes a twentieth; the rest is who asks, whether the token still holds at this moment, how often, and the count of it. A way past the framework would be a second surface to keep safe',
    ],
    [
      'p99 of an event to 1,000 clients',
      'broadcast by hand',
      'p99Ratio',
      { most: 1 },
      '×',
      'on a busy machine it is 0.6 to 1.3 from run to run: of thirty events the slowest decides',
    ],
    ['memory of one of 10,000 streams', 'itself', 'crowd.oursKBPerClient', null, 'kB'],
    ['memory of one of 10,000 streams, by hand', 'itself', 'crowd.bareKBPerClient', null, 'kB'],
  ],
  stream: [
    [
      'last byte on the tty → client of the stream, p50',
      'serialport + readline + write + fdatasync + res.write',
      'p50.ratio',
      { most: 1.3 },
      '×',
      'the same two turns through the disk, and half a millisecond of our own: judging, canonical text, hash, signature, status. Reading the record back is no longer among it',
    ],
    [
      'the same, p99',
      'serialport + readline + write + fdatasync + res.write',
      'p99.ratio',
      { most: 1.5 },
      '×',
    ],
    ['resident memory of a bridge with four wands', 'itself', 'pauses.ours.residentMB', null, 'MB'],
    ['its event loop, p99 of the delay', 'itself', 'pauses.ours.loopP99Ms', null, 'ms'],
    ['its longest pause for collection', 'itself', 'pauses.ours.longestGcMs', null, 'ms'],
  ],
  memory: [
    ['resident memory of `serve`, one wand', 'itself', 'servedMB', { most: 90 }, 'MB'],
    [
      'resident memory after an hour of one wand',
      'after ten minutes',
      'residentGrowth',
      { most: 1.05 },
      '×',
      'a day in a few minutes leaves V8 with much that it has not collected; the heap that lives is the next row',
    ],
    ['its heap, the newest 4,000 records included', 'after ten minutes', 'heapGrowth', null, '×'],
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

/** These make long logs first, or start a browser. */
const LONGER: typeof PROGRAMS = {
  history: [
    [
      'page of 50 readings of one pump of 1,000',
      'parsing the log',
      'pages.readings.toParsedLog',
      null,
      '×',
    ],
    ['page of its interrogations', 'itself', 'pages.interrogations.medianMs', null, 'ms'],
    ['list of all 1,000 pumps', 'itself', 'pages.pumps.medianMs', null, 'ms'],
  ],
  knowledge: [
    [
      'knowledge, records rebuilt a second',
      'lines + JSON.parse',
      'ratios.rebuiltToRawParsed',
      { least: 0.5 },
      '×',
    ],
    ['knowledge, start from its snapshot', 'itself', 'startMs.snapshot', null, 'ms'],
  ],
  page: [['heap of the page after ten minutes', 'after one', 'growth', { most: 1.1 }, '×']],
}

/** What varies between runs of these is told by their own README. `long`: those that take their time, too. */
export const surfaces = (long: boolean): readonly Row[] =>
  Object.entries({ ...PROGRAMS, ...(long && LONGER) }).flatMap(([program, rows]) => {
    const said = run(program)
    return rows.map(([work, against, path, must, unit, why]): Row => {
      const value = at(said, path)
      const measured = { low: value, median: value, high: value }
      return { work, against, measured, must, unit, ...(why !== undefined && { why }) }
    })
  })

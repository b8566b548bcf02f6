// Every row of the table: what is measured against what, what it must reach, and, where it does not or not always,
// why and what was tried. It is declared here and nowhere else: the table, the page of plots and bench/README.md are
// made from it, and a row of which a run has no number says so.

export interface Asked {
  readonly work: string
  readonly against: string
  readonly unit: string
  /** Null = stated only. */
  readonly must: { readonly least: number } | { readonly most: number } | null
  /** Where it stands in what its part says. */
  readonly at: string
  /** Sentences: why it is not reached, and what was tried. Said only in a run that does not reach it. */
  readonly why?: string
}

const LINES = 'serial lines, 64-byte chunks'
const READLINE = 'readline + hex + CRC + fields'
const SNAPSHOT = 'a whole snapshot, 11 blocks, 16 alarms, 64 events'
const LEAST_STREAM = 'serialport + readline + write + fdatasync + res.write'
const DISK =
  'A virtual disk says that bytes are durable after 0.12 ms, which no medium does; the signature of a record alone takes 0.05 ms. With `--flush 1` it was 0.87 and 27.9'
const RESIDENT =
  'It is what V8 holds, not what lives: at 255 MB its pages were 156, malloc 28, files of Node 46, while every full collection came back to the same live heap. A day in minutes allocates hundreds of times as fast as one wand does, and V8 lets the old part of its heap grow with that. The simulated wand and the client are included. One run went from 130 MB to 290 at most while the live heap stayed between 40 and 44 from the second hour to the last; over two hours it was 145 at both ends. Tried: `--max-semi-space-size=1`, 106 MB after ten minutes and 111 after an hour, but the day was not measured with it, and it makes collections more frequent. Floors: Node alone 42 MB; with serialport, node-hid and rxjs 56; with zod, fastify and koffi 76'

const stated = (work: string, against: string, unit: string, at: string): Asked => ({
  ...{ work, against, unit, at, must: null },
})
const least = (work: string, against: string, of: number, at: string, why?: string): Asked => ({
  ...{ work, against, unit: '×', at, must: { least: of }, ...(why && { why }) },
})
const most = (
  work: string,
  against: string,
  [of, unit]: readonly [number, string],
  at: string,
  why?: string,
): Asked => ({ work, against, unit, at, must: { most: of }, ...(why && { why }) })

/** By part: each can be run by itself, and all are run in this order. */
export const ASKED = {
  paths: [
    least(
      LINES,
      READLINE,
      0.9,
      'lines 64 / readline floor',
      'Medians were 0.83 to 0.97, mostly 0.90 to 0.93. Half of a line is parser-readline, which the floor pays as well; what ours does more is to judge each field (80 ns) and to keep the PDU as evidence. Tried: other options of the stream, its `_transform` called directly, lines judged within the event of the parser (4 to 8 % faster, but whoever hears them could not close, push or throw). See profile.md',
    ),
    stated(LINES, 'byte machine', '×', 'lines 64 / byte machine'),
    least(LINES, 'zigbee-herdsman, Z-Stack', 1, 'lines 64 / herdsman, Z-Stack'),
    stated(
      LINES,
      'zigbee-herdsman, Ember, which only splits',
      '×',
      'lines 64 / herdsman, Ember, splitting only',
    ),
    least(LINES, 'zwave-js', 2.5, 'lines 64 / zwave-js'),
    least(LINES, 'node-mavlink', 1.5, 'lines 64 / node-mavlink'),
    stated(`${LINES}, as values of the API`, READLINE, '×', 'values 64 / readline floor'),
    least('serial lines, 1-KiB chunks', READLINE, 0.8, 'lines 1024 / readline floor'),
    least('serial lines, 1-KiB chunks', 'byte machine', 0.5, 'lines 1024 / byte machine'),
    least('serial lines over TCP', READLINE, 0.8, 'lines tcp / readline floor'),
    least('serial lines over TCP', 'byte machine', 0.5, 'lines tcp / byte machine'),
    least(
      'HID reports, one at a time',
      'byte machine of reports',
      0.5,
      'reports 64 / byte machine of reports',
      'Medians were 0.46 to 0.54. The machine copies 53 bytes and makes one object. Ours knows sixteen earlier reports, keeps the PDU as evidence and reads declarations: 500 ns a report, of which 80 are the judgement of fields and 45 the CRC. Tried: one whole report passed on as it came (11 instead of 65 ns), a CRC of four bytes at once, no copy of the payload. Code that is made for one message would do the rest; there is none',
    ),
    least(
      'HID reports, one at a time',
      'zigbee-herdsman, Z-Stack',
      1.3,
      'reports 64 / herdsman, Z-Stack',
    ),
    least(
      'HID reports, 1-KiB chunks',
      'byte machine of reports',
      0.5,
      'reports 1024 / byte machine of reports',
      'Medians were 0.44 to 0.51, and no system gives reports in chunks of 1 KiB. The reasons are those of one at a time',
    ),
  ],
  snapshot: [
    stated(SNAPSHOT, 'PDUs → blocks', 'µs', 'decode'),
    stated(SNAPSHOT, 'blocks → values of the API', 'µs', 'values'),
    stated(SNAPSHOT, 'blocks → text of the record', 'µs', 'record'),
    stated(SNAPSHOT, 'all of it', 'µs', 'whole'),
    stated(SNAPSHOT, 'allocated', 'kB', 'allocated'),
  ],
  cold: [
    most('cold start of --version, processor time', 'node -e 0', [2, '×'], 'version'),
    most(
      'cold start of status (nothing runs), processor time',
      'node -e 0',
      [4, '×'],
      'status',
      'Medians were 3.6 to 4.1. It came up from 3.6 when esbuild took the place of vite, as the pieces that it cuts name each other 441 times instead of 173; vite would give that back, for 25 MB more to install',
    ),
  ],
  http: [
    least(
      'status requests a second',
      'bare node:http, our headers',
      0.9,
      'status.rateRatio',
      'Medians were 0.77 to 1.08, 0.87 on a quiet machine. Where load and server share a processor, the rate follows the processor time: see the next row',
    ),
    least(
      'the same in processor time of the server',
      'bare node:http, our headers',
      0.9,
      'status.processorRatio',
      'Medians were 0.74 to 0.84 (0.47 to 0.54 before). The framework alone takes a twentieth; the rest is who asks, whether the token still holds at this moment, how often, and the count of it. Tried: without those checks it came to 0.84; the body as one string with its head was slower by 4 %; without the count, the validation of the id and the route object of the framework it gained less than a hundredth each. A way past the framework would be a second surface to keep safe',
    ),
    most(
      'p99 of an event to 1,000 clients',
      'broadcast by hand',
      [1, '×'],
      'p99Ratio',
      'In pairs of turns at a load of 12 for two processors it went from 0.5 to 3.7, with a median of 1.3: the one of a hundred events that the scheduler held up longest decides, for either. p50 was 1.2. An event is made into bytes once for all, and is one write to each socket, without a frame around it. Tried: pairs in an order that goes round, nine of five seconds instead of three of fifteen',
    ),
    stated('memory of one of 10,000 streams', 'itself', 'kB', 'crowd.oursKBPerClient'),
    stated('memory of one of 10,000 streams, by hand', 'itself', 'kB', 'crowd.bareKBPerClient'),
  ],
  stream: [
    most(
      'last byte on the tty → client of the stream, p50',
      LEAST_STREAM,
      [1.3, '×'],
      'p50.ratio',
      'Medians were 1.3 to 3.1 (3.7 before): 2.7 ms against 0.9 on a quiet machine whose disk answers after 0.12 ms, 4.4 against 2.0 with `--flush 1`. Half a millisecond of processor is our own: judging, canonical text, hash, signature, status. By the difference of these two runs a record waits for 1.6 flushes, because one is under way for other records when it comes; the other way writes nothing else. Where the rest of a millisecond goes was not taken apart. Tried: the record that was just made durable is no longer read back from its file, which were six turns through the thread pool',
    ),
    most(
      'the same, p99',
      LEAST_STREAM,
      [1.5, '×'],
      'p99.ratio',
      'It was 0.5 to 3.6 over runs: one of a hundred records meets a collection (11 to 15 ms at most) or a flush that was late, for either. Beyond what p50 names nothing was tried',
    ),
    stated('resident memory of a bridge with four wands', 'itself', 'MB', 'pauses.ours.residentMB'),
    stated('its event loop, p99 of the delay', 'itself', 'ms', 'pauses.ours.loopP99Ms'),
    stated('its longest pause for collection', 'itself', 'ms', 'pauses.ours.longestGcMs'),
  ],
  memory: [
    most(
      'resident memory of `serve`, one wand, after a minute',
      'itself',
      [90, 'MB'],
      'servedMB',
      'It was 79 to 87 MB. Node alone takes 42, with serialport, node-hid and rxjs 56, with zod, fastify and koffi 76',
    ),
    most('live heap after 24 hours of one wand', 'after an hour', [1.1, '×'], 'day.heapFromHour'),
    most(
      'the same',
      'after ten minutes',
      [1.1, '×'],
      'day.heapFromTenMinutes',
      'The newest 4,000 records are held for streams that come back, and one wand takes an hour to fill their room; from then on it does not grow (the row above; every full collection of two hours came back to 33.3 MB)',
    ),
    most(
      'resident memory after 24 hours of one wand',
      'after ten minutes',
      [1.1, '×'],
      'day.resident',
      RESIDENT,
    ),
    stated('the most resident memory in that time', 'itself', 'MB', 'day.mostResidentMB'),
  ],
  wands: [
    most(
      'processor per frame, 1,024 wands at line rate',
      '1 wand',
      [1.2, '×'],
      'lineRate.flat',
      'Medians were 1.1 to 1.6. It is flat up to 256 wands; the state of 1,024 does not fit the caches of the processor, of which others had their share',
    ),
    most('processor per frame over TCP, 1,024 wands', '1 wand', [1.2, '×'], 'tcp.flat'),
    most(
      'processor per wand, 256 wands read all the time',
      '1 wand',
      [1.2, '×'],
      'reading.flat',
      'Medians were 1.24 on a quiet machine and 1.4 to 1.7 on a busy one (2.2 before). No work of an event grows with the number of wands on this way any more (the lines of the command watch are looked for among all wands): an event changes one entry of a map, virtual time has a heap of timers, a step of the link copies its state once. What grows is the collection of garbage (from a tenth to a fifth of the time): where 255 other wands have had their turn in between, what one event replaces has come to the old part of the heap. Tried: a larger young part (`--max-semi-space-size`), without a difference that could be measured. See profile.md',
    ),
    stated(
      'wands on one processor, simulated wand included',
      'itself',
      'wands',
      'reading.perProcessor',
    ),
  ],
  feed: [
    least('feed, every record parsed', 'lines + JSON.parse', 0.5, 'ratios.feedParsedToRawParsed'),
  ],
  audit: [
    least('audit, lone append', 'write + fdatasync', 0.7, 'ratios.loneToRaw', DISK),
    least('audit, 64 waiting writers', 'write + fdatasync', 12, 'ratios.waiting64ToRaw', DISK),
    {
      ...{ work: 'audit, verified a second', against: 'itself', unit: 'records' },
      ...{ must: { least: 150_000 }, at: 'perSecond.verify' },
      why: 'It is a rate of the clock: 169,000 to 174,000 where it was measured',
    },
  ],
  history: [
    stated(
      'page of 50 readings of one pump of 1,000',
      'parsing the log',
      '×',
      'pages.readings.toParsedLog',
    ),
    stated('page of its interrogations', 'itself', 'ms', 'pages.interrogations.medianMs'),
    stated('list of all 1,000 pumps', 'itself', 'ms', 'pages.pumps.medianMs'),
  ],
  knowledge: [
    least(
      'knowledge, records rebuilt a second',
      'lines + JSON.parse',
      0.5,
      'ratios.rebuiltToRawParsed',
    ),
    stated('knowledge, start from its snapshot', 'itself', 'ms', 'startMs.snapshot'),
  ],
  page: [
    most('heap of the page after an hour of events', 'after six minutes', [1.1, '×'], 'growth'),
  ],
  clone: [
    most(
      'clone → first reading',
      'itself',
      [10, 's'],
      'seconds.untilReading',
      'It is a time of the clock. `npm ci` takes 6.5 s of processor time from a warm cache, and wand and air take 4 s by the clock, whatever the computer. Tried: a bundler that strips types (11 s before), fewer packages (142 MB before)',
    ),
    most(
      'its build',
      'itself',
      [2, 's'],
      'seconds.build',
      'It is a time of the clock: below 2 s on a quiet machine, 3.7 s at a load of 15 for two processors',
    ),
    most('what a clone installs to run', 'itself', [60, 'MB'], 'clone.bytesMB'),
    stated('the same in blocks of the disk', 'itself', 'MB', 'clone.onDiskMB'),
    most('what the package installs', 'itself', [60, 'MB'], 'package.bytesMB'),
  ],
} as const satisfies Readonly<Record<string, readonly Asked[]>>

export type Part = keyof typeof ASKED

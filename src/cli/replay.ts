// `wandbridge replay`: a capture, shown through today's decoder as a technician would have seen it, kept as
// readings, compared with what another version read in it, or played as a wand. What is shown is marked everywhere.
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import type { Command } from 'commander'
import { nodeDisk } from '../base/disk.ts'
import { systemEnv, utc } from '../base/env.ts'
import { VERSION } from '../base/version.ts'
import { type Part, readCapture } from '../capture/reader.ts'
import type { Difference, KeptReading } from '../host/replayed-readings.ts'
import type { ReadingEvent } from '../model/event.ts'
import { printable, printableJson } from '../model/printable.ts'
import { WORDS } from '../words/words.ts'
import { CommandError, Exit, stopInOrder } from './exit.ts'
import { number, type Settings, settings } from './options.ts'
import { renderPump, sourceMark } from './render.ts'
import { sentence } from './watch.ts'

interface ReplayFlags {
  readonly config?: string
  readonly speed?: number
  readonly json?: boolean
  readonly diff?: string
  readonly asDevice?: boolean
  readonly link?: string
}

export function registerReplay(program: Command): void {
  program
    .command('replay <file>')
    .description(
      'Show what a capture holds, decoded by this version: never live, never taken for a device.',
    )
    .option(
      '--speed <x>',
      'so many times as fast as it was; without it, at once',
      number(0.01, 1_000_000, false),
    )
    .option('--json', 'every reading as one JSON object a line, to be kept for --diff')
    .option('--diff <readings>', 'compare with readings that another version kept with --json')
    .option('--as-device', 'play the captured wand on a pseudo-terminal, for --source replay')
    .option('--link <path>', 'with --as-device: keep a symbolic link to the terminal here')
    .option('--config <file>', 'configuration file (YAML), for locale and zone')
    .action(async (file: string, flags: ReplayFlags) => {
      const size = await readable(file)
      if (flags.asDevice) await playDevice(file, flags)
      else process.exitCode = await show(file, size, flags)
    })
}

/** Its size; an error that says what to do when it is none. */
export async function readable(file: string): Promise<number> {
  try {
    const found = await stat(file)
    if (found.isFile()) return found.size
    throw new Error('it is no file')
  } catch (error) {
    throw new CommandError(
      Exit.USAGE,
      `${file} cannot be read: ${(error as Error).message}.\nNothing was replayed. Captures are in the directory \`captures\` of a state directory.`,
    )
  }
}

async function playDevice(file: string, { link, speed = 1 }: ReplayFlags): Promise<void> {
  const { exchangesOf, framesOf } = await import('../capture/exchanges.ts')
  const { playedWand } = await import('../capture/played-wand.ts')
  const { servePty } = await import('../../simulator/ports/pty.ts')
  const env = systemEnv()
  const wand = playedWand(env, exchangesOf(framesOf(readCapture(nodeDisk.read(file)))), speed)
  const port = served(() => servePty(wand, { env, ...(link === undefined ? {} : { link }) }))
  stopInOrder(() => port.stop())
  console.log(JSON.stringify({ source: 'replay', kind: port.kind, path: port.path }))
  console.error(
    `A capture is played, never a device. Read it with: wandbridge serve --source replay --serial ${port.path}`,
  )
  const why = await wand.ended
  await port.stop()
  console.error(
    why === null
      ? 'Everything was played.'
      : `The capture cannot be read on (${why}). What stands before that was played, and nothing after it.`,
  )
}

/** Makes a port, or says why there is none. */
export function served<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    throw new CommandError(Exit.USAGE, (error as Error).message)
  }
}

async function show(file: string, size: number, flags: ReplayFlags) {
  const chosen = settings(flags.config === undefined ? {} : { config: flags.config })
  const { Replay } = await import('../host/replay.ts')
  const { keptReading, ReadingDiff } = await import('../host/replayed-readings.ts')
  const replay = new Replay(systemEnv())
  const readings: ReadingEvent[] = []
  replay.bridge.events$.subscribe((event) => {
    if (event.kind === 'reading') readings.push(event)
  })
  const diff = flags.diff === undefined ? null : new ReadingDiff(kept(flags.diff))
  if (!flags.json && !diff) print(replay, chosen)
  const tally = { readings: 0, chunks: 0, differences: 0, damages: 0 }
  const progress = progressOf(size)
  const taken = async () => {
    for (const event of readings.splice(0)) {
      tally.readings += 1
      if (flags.json) console.log(printableJson(JSON.stringify(keptReading(event))))
      if (diff) tell(await diff.now(keptReading(event)))
    }
  }
  const tell = (found: readonly Difference[]) => {
    tally.differences += found.length
    for (const one of found) console.log(differenceText(one))
  }
  await replay.play(
    readCapture(nodeDisk.read(file)),
    {
      damaged: (part, at) => {
        tally.damages += 1
        console.error(damageText(part, at && utc(at.wall)))
      },
      lost: (bytes, at) =>
        console.error(
          `${utc(at.wall)}  ${bytes} bytes were not captured here: the disk was too slow.`,
        ),
      async progress(part) {
        if (part.kind === 'traffic' || part.kind === 'about') tally.chunks += 1
        progress(part.to)
        await taken()
        await drained()
      },
    },
    flags.speed,
  )
  await taken()
  if (diff) tell(await diff.end())
  if (tally.chunks === 0) {
    throw new CommandError(Exit.USAGE, `${file} is no capture, or nothing of it is whole.`)
  }
  const whole = tally.damages === 0 ? 'The file is whole.' : 'The file is not whole: see above.'
  console.error(`${tally.readings} readings replayed. ${whole}`)
  if (!diff) return Exit.OK
  const from = diff.from ? `${diff.from.wandbridge} (${diff.from.decoder})` : 'nobody'
  console.error(
    `${tally.differences} differences between ${from} and ${VERSION}; ${diff.same} readings are the same.`,
  )
  return tally.differences === 0 ? Exit.OK : Exit.NOT_SO
}

/** The lines that `watch` prints, and every reading whole, each with its mark. */
function print(replay: InstanceType<typeof import('../host/replay.ts').Replay>, chosen: Settings) {
  const out = (line: string) => console.log(printable(`[REPLAY] ${line}`))
  for (const line of sourceMark('replay')) console.log(line)
  replay.watch(WORDS[chosen.locale]).subscribe((line) => {
    if (line.kind === 'audit') return
    for (const text of sentence(line, chosen).split('\n')) out(text)
  })
  replay.bridge.events$.subscribe((event) => {
    if (event.kind !== 'reading') return
    const pump = replay.bridge.status().pumps.find((one) => one.pump.id === event.pump.id)
    if (pump) for (const line of ['', ...renderPump(pump, chosen), '']) out(line)
  })
}

async function* kept(file: string): AsyncGenerator<KeptReading> {
  const { parseKept } = await import('../host/replayed-readings.ts')
  await readable(file)
  let n = 0
  for await (const line of createInterface({ input: createReadStream(file) })) {
    n += 1
    const reading = parseKept(line)
    if (!reading) {
      throw new CommandError(
        Exit.USAGE,
        `${file}, line ${n}: this is no reading that \`wandbridge replay --json\` has kept.`,
      )
    }
    yield reading
  }
}

function damageText(part: Extract<Part, { kind: 'damage' | 'cut' }>, at: string | null): string {
  const where = `Bytes ${part.from} to ${part.to} of the file`
  const when = at === null ? '' : `, behind ${at},`
  if (part.kind === 'cut') {
    return `${where}${when} are the beginning of a part that was never finished: the program was ended while it wrote. Everything before is there.`
  }
  const missing =
    part.missing === null || part.missing === 0 ? '' : ` ${part.missing} parts are missing here.`
  return `${where}${when} are damaged and not shown.${missing} What follows is shown from its next whole part on.`
}

function differenceText(one: Difference): string {
  const head = `${one.at}  ${one.port}`
  if (one.kind === 'only-then') return printable(`${head}  read then, not read now`)
  if (one.kind !== 'value') return printable(`${head}  not read then, read now`)
  return printable(
    `${head}  ${one.path}: ${JSON.stringify(one.was)} then, ${JSON.stringify(one.is)} now`,
  )
}

/** A whole tenth of a large file is told; on a terminal every hundredth. */
function progressOf(size: number): (at: number) => void {
  const step = process.stderr.isTTY ? 100 : size > LARGE ? 10 : 0
  let told = 0
  return (at) => {
    const now = Math.floor((at / size) * step)
    if (now <= told) return
    told = now
    const text = `${Math.round((now / step) * 100)} % of ${size} bytes replayed`
    process.stderr.write(
      process.stderr.isTTY ? `\r${text}\x1b[K${now === step ? '\n' : ''}` : `${text}\n`,
    )
  }
}
const LARGE = 4 << 20

/** Waits for whoever reads the output: what is printed does not pile up. */
async function drained(): Promise<void> {
  if (process.stdout.writableLength < 1 << 20) return
  await new Promise<void>((resolve) => void process.stdout.write('', () => resolve()))
}

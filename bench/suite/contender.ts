// One contender, in a process of its own, so that what V8 has learnt of one does not help or hurt another.
// It is asked for rounds; of each it says what it cost: processor time of all threads (what else this computer
// does counts least in it), garbage collection, and how long the event loop stood still.
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks'
import { lineMachine, type Path, plainLines, reportMachine } from './floors.ts'
import { ash, FRAMES, lines, pieces, reports, zstack, zwave } from './frames.ts'
import { ourLines, ourReports, ourValues } from './ours.ts'

export interface Round {
  readonly frames: number
  readonly cpuMs: number
  readonly gcMs: number
  readonly gcPauses: number
  readonly longestGcMs: number
  readonly loopP99Ms: number
}

interface Contender {
  readonly path: Path
  readonly wire: Buffer
}

export const CONTENDERS = {
  'our lines': async () => ({ path: ourLines, wire: lines() }),
  'our lines, as values of the API': async () => ({ path: ourValues, wire: lines() }),
  'our reports': async () => ({ path: ourReports, wire: reports() }),
  'readline floor': async () => ({ path: plainLines, wire: lines() }),
  'byte machine': async () => ({ path: lineMachine, wire: lines() }),
  'byte machine of reports': async () => ({ path: reportMachine, wire: reports() }),
  'herdsman, Z-Stack': async () => ({
    path: (await import('./peers.ts')).herdsman(),
    wire: zstack(),
  }),
  'herdsman, Ember, splitting only': async () => ({
    path: (await import('./peers.ts')).herdsmanSplit(),
    wire: ash(),
  }),
  'zwave-js': async () => ({ path: await (await import('./peers.ts')).zwave(), wire: zwave() }),
  'node-mavlink': async () => (await import('./peers.ts')).mavlink(),
} as const satisfies Readonly<Record<string, () => Promise<Contender>>>
export type ContenderName = keyof typeof CONTENDERS

/** How bytes come: in pieces of so many, or over a socket. */
export type Carrier = number | 'tcp'

/** So often the wire is gone through in one round. */
const TIMES = 15

async function carried(wire: Buffer, carrier: Carrier, push: (bytes: Buffer) => void) {
  if (carrier !== 'tcp') {
    const chunks = pieces(wire, carrier)
    for (let i = 0; i < TIMES; i += 1) {
      for (const chunk of chunks) push(chunk)
      await new Promise((resolve) => setImmediate(resolve))
    }
    return
  }
  const server = createServer(async (socket) => {
    for (let i = 0; i < TIMES; i += 1) if (!socket.write(wire)) await once(socket, 'drain')
    socket.end()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const socket = connect((server.address() as { port: number }).port, '127.0.0.1')
  socket.on('data', push)
  await once(socket, 'close')
  server.close()
}

async function round({ path, wire }: Contender, carrier: Carrier): Promise<Round> {
  let frames = 0
  let last: object | null = null
  const push = path((reading) => {
    last = reading
    frames += 1
  })
  const pauses: number[] = []
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) pauses.push(duration)
  })
  observer.observe({ entryTypes: ['gc'] })
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const from = process.cpuUsage()
  await carried(wire, carrier, push)
  // Streams of some peers go on by themselves.
  for (let i = 0; frames < FRAMES * TIMES && i < 100_000; i += 1) {
    await new Promise((resolve) => setImmediate(resolve))
  }
  const { user, system } = process.cpuUsage(from)
  delay.disable()
  await new Promise((resolve) => setImmediate(resolve))
  observer.disconnect()
  if (frames !== FRAMES * TIMES || last === null) {
    throw new Error(`${frames} readings of ${FRAMES * TIMES} came`)
  }
  return {
    frames,
    cpuMs: (user + system) / 1_000,
    gcMs: pauses.reduce((sum, ms) => sum + ms, 0),
    gcPauses: pauses.length,
    longestGcMs: Math.max(0, ...pauses),
    loopP99Ms: delay.percentile(99) / 1e6,
  }
}

/** What `--contender NAME` does. */
export async function beContender(name: ContenderName): Promise<void> {
  const contender = await CONTENDERS[name]()
  process.on('message', async (carrier: Carrier) => process.send?.(await round(contender, carrier)))
  process.on('disconnect', () => process.exit())
  process.send?.('ready')
}

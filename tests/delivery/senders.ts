// A bridge without wands that sends what its log holds to destinations: what the tests of the
// senders share.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { z } from 'zod'
import { systemEnv } from '../../src/base/env.ts'
import { deliverySchema } from '../../src/delivery/config.ts'
import type { Rules } from '../../src/delivery/machine.ts'
import { Feed } from '../../src/feed/feed.ts'
import { destinationSchema } from '../../src/hl7/config.ts'
import { addressees, startDelivery } from '../../src/host/delivery-host.ts'
import { Auditor } from '../../src/recorder/auditor.ts'
import { WORDS } from '../../src/words/words.ts'
import { recordedReading } from '../hl7/readings.ts'

export const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const env = systemEnv()
const closing: (() => unknown)[] = []

export async function closeAll(): Promise<void> {
  for (const close of closing.splice(0).reverse()) await close()
}
export const atEnd = (close: () => unknown) => void closing.push(close)

export function temporary(): string {
  const dir = mkdtempSync(join(tmpdir(), 'wandbridge-delivery-'))
  atEnd(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

export function fileOf(text: string): string {
  const path = join(temporary(), 'secret')
  writeFileSync(path, text)
  return path
}

export interface Seen {
  readonly id: string
  readonly check: string
  readonly position: number
  readonly kind: string
  readonly size: number
  readonly what: string
  readonly at: number
  readonly type: string
  readonly contradicted: boolean
}

/** A receiver of webhooks in Python; it is ended with the test. */
export async function webhookReceiver(options: object = {}) {
  const script = fileURLToPath(new URL('webhook_receiver.py', import.meta.url))
  const asked = JSON.stringify({ secret: SECRET, ...options })
  const child: ChildProcess = spawn('/usr/bin/python3', [script, asked], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  atEnd(async () => {
    const closed = new Promise((done) => child.once('close', done))
    child.kill('SIGKILL')
    await closed
  })
  const seen: Seen[] = []
  const port = await new Promise<number>((resolve) => {
    createInterface({ input: child.stdout as never }).on('line', (line) => {
      const said = JSON.parse(line) as Partial<Seen> & { port?: number }
      if (said.port !== undefined) resolve(said.port)
      else seen.push(said as Seen)
    })
  })
  return { seen, port, url: `http://127.0.0.1:${port}/hook` }
}

/** The records of a bridge that sends to these, as the configuration says it. */
export async function sending(
  config: z.input<typeof deliverySchema>,
  quick: Partial<Rules> = { backoffMs: 5, longestMs: 50, ackMs: 1_000 },
  overMllp: readonly z.input<typeof destinationSchema>[] = [],
) {
  const stateDir = temporary()
  const source = 'simulator'
  const auditor = new Auditor({ env, stateDir, source, settings: {}, boot: 'test' })
  atEnd(() => auditor.close('test'))
  await auditor.opened
  const { disk, dir, commits$: wake$ } = auditor
  const feed = new Feed({ env, disk, dir, source, head: () => auditor.head, wake$ })
  const said: string[] = []
  const hl7 = destinationSchema.array().parse(overMllp)
  const all = addressees({ hl7, ...deliverySchema.parse(config) }, WORDS['en-US'])
  const begin = () =>
    startDelivery(env, stateDir, { auditor, feed }, all, (text) => void said.push(text), quick)
  let delivery = begin()
  atEnd(() => delivery.close())
  const reading = await recordedReading()
  return {
    auditor,
    feed,
    delivery: () => delivery,
    async restart() {
      await delivery.close()
      delivery = begin()
    },
    said,
    stateDir,
    of: (name: string) => delivery.status().find((one) => one.name === name),
    /** So many readings are recorded; their positions. */
    async read(n: number): Promise<number[]> {
      const receipts = await Promise.all(Array.from({ length: n }, () => auditor.append(reading)))
      return receipts.map((one) => one?.position as number)
    },
    async bodies(kind: string) {
      const found: Record<string, unknown>[] = []
      for await (const { record } of feed.read({ kinds: [kind as 'delivery-parked'] })) {
        found.push(record.body as Record<string, unknown>)
      }
      return found
    },
  }
}

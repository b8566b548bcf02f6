// A bridge without wands whose pumps are somebody's: a real log, a real table on the disk, and a real sender of
// ADT. A pump is "read" by recording a reading of it.
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { z } from 'zod'
import type { NewRecord } from '../../src/audit/format/record.ts'
import { systemEnv } from '../../src/base/env.ts'
import { Deframer, frame } from '../../src/delivery/mllp.ts'
import { Feed } from '../../src/feed/feed.ts'
import { type Patients, startPatients } from '../../src/host/patients-host.ts'
import { Knowledge } from '../../src/knowledge/knowledge.ts'
import { patientsSchema } from '../../src/patients/config.ts'
import { Auditor } from '../../src/recorder/auditor.ts'
import { upkeep } from '../../src/recorder/upkeep.ts'
import { atEnd, temporary } from '../delivery/senders.ts'
import { eventually } from '../delivery/world.ts'
import { recordedReading } from '../hl7/readings.ts'

export const SYSTEM = 'urn:oid:1.2.3'
const env = systemEnv()

export const csv = (...rows: string[]) => `serial,value,name,location\n${rows.join('\n')}\n`

type Wish = Partial<NonNullable<z.input<typeof patientsSchema>>> & { readonly source?: 'device' }

export async function world({ source, ...wish }: Wish = {}) {
  const kind = source ?? 'simulator'
  const stateDir = temporary()
  const file = join(temporary(), wish.file ?? 'pumps.csv')
  const said: string[] = []
  const adt = {
    listen: '127.0.0.1:0',
    authorities: [{ system: SYSTEM, namespace: 'HOSP' }],
    ...wish.adt,
  }
  const config = patientsSchema.parse({ settleSeconds: 0.1, system: SYSTEM, ...wish, file, adt })
  let patients: Patients | null = null
  let auditor: Auditor
  let knowledge: Knowledge
  let feed: Feed
  const begin = async () => {
    auditor = new Auditor({
      ...{ env, stateDir, source: kind, settings: {}, boot: 'test' },
      limits: { segmentBytes: 20_000 },
      ownerOf: (...pump) => patients?.ownerOf(...pump) ?? null,
    })
    await auditor.opened
    const { disk, dir, commits$: wake$ } = auditor
    const made = auditor
    feed = new Feed({ env, disk, dir, source: kind, head: () => made.head, wake$ })
    knowledge = new Knowledge({ env, disk, dir: join(stateDir, 'knowledge'), source: kind, feed })
    await knowledge.start()
    const log = (text: string) => void said.push(text)
    patients = await startPatients({ env, stateDir, auditor, knowledge, config, log })
  }
  const end = async () => {
    await patients?.close()
    await knowledge.stop()
    await auditor.close('test')
    patients = null
  }
  const reading = await recordedReading()
  /** Records a reading of a pump; the place of the record. */
  const read = async (serial: string): Promise<number> => {
    const receipt = await auditor.append({ ...reading, pump: serial } as NewRecord)
    return receipt?.position as number
  }
  /** Whom a reading belongs to, as it was recorded. */
  const ownerAt = async (position: number) => {
    for await (const one of feed.read({ after: position - 1, before: position + 1 })) {
      return one.api()?.owner ?? null
    }
    throw new Error(`there is no record ${position}`)
  }
  const status = () => patients?.status()
  let control = 0
  const w = {
    file,
    said,
    status,
    read,
    ownerAt,
    feed: () => feed,
    knowledge: () => knowledge,
    counters: () => patients?.counters() ?? [],
    port: () => patients?.port ?? 0,
    async restart() {
      await end()
      await begin()
    },
    begin,
    /** The log, and what is known of it, are gone: another one is begun. */
    async anotherLog() {
      await end()
      for (const dir of ['audit', 'knowledge']) {
        rmSync(join(stateDir, dir), { recursive: true, force: true })
      }
      await begin()
    },
    /** Everything but the newest records is let go, as when they have grown old; and what is known of the log is lost. */
    async retention() {
      const age = () => ({ ms: 1e12, confirmed: null, kept: 0, since: null })
      const { dropped, held, failures } = await upkeep({
        disk: auditor.disk,
        dir: join(auditor.dir, auditor.head?.log ?? ''),
        append: (record) => auditor.append(record),
        retention: { keepDays: 1, age, wall: () => env.wall() },
      })
      if (dropped === null) throw new Error(JSON.stringify({ held, failures }))
      await end()
      rmSync(join(stateDir, 'knowledge'), { recursive: true, force: true })
      await begin()
      return dropped
    },
    /** Replaces the table as a whole, and waits until it was looked at. */
    async table(text: string | Buffer) {
      writeFileSync(`${file}.new`, text)
      renameSync(`${file}.new`, file)
    },
    /** Value of the owner of a reading that is made now. */
    async now(serial = 'P1') {
      return (await ownerAt(await read(serial)))?.value ?? null
    },
    async until(value: string | null, serial = 'P1') {
      const good = async () => (await w.now(serial)) === value
      for (let left = 200; left > 0; left -= 1) {
        if (await good()) return
        await new Promise((go) => setTimeout(go, 25))
      }
      throw new Error(`pump ${serial} is not ${value}'s`)
    },
    refused: () => eventually(() => (status()?.refused.length ?? 0) > 0, 20_000),
    /** Until the table is taken as it is. */
    right: () => eventually(() => status()?.problem === null, 20_000),
    wrong: (text: string) => eventually(() => status()?.problem?.includes(text) === true, 20_000),
    /** Sends a message; its answer. */
    async send(text: string | Buffer): Promise<string> {
      const bytes = typeof text === 'string' ? frame(text) : text
      return new Promise((resolve, reject) => {
        const socket = connect(patients?.port ?? 0, '127.0.0.1')
        const deframer = new Deframer()
        socket.on('error', reject).on('close', () => resolve(''))
        socket.on('data', (chunk) => {
          const [reply] = deframer.push(chunk)
          if (reply === undefined) return
          resolve(reply)
          socket.destroy()
        })
        socket.write(bytes)
      })
    },
    message(
      event: string,
      at: string,
      id: string,
      { location, old, more = '', name = 'Doe^Jane', charset = '', id: own }: Told = {},
    ): string {
      control += 1
      const cx = (value: string) => `${value}^^^HOSP^MR`
      return [
        `MSH|^~\\&|ADT|HOSP|WANDBRIDGE||${at}||ADT^${event}^ADT_A01|${own ?? `c${control}`}|P|2.5||||||${charset}`,
        `EVN|${event}|${at}`,
        `PID|1||${cx(id)}~ZZZ^^^OTHER^XX||${name}`,
        ...(old === undefined ? [] : [`MRG|${cx(old)}`]),
        ...(location === undefined ? [] : [`PV1|1|I|${location}`]),
        ...(more === '' ? [] : [more]),
        '',
      ].join('\r')
    },
  }
  atEnd(end)
  return w
}

interface Told {
  readonly location?: string
  readonly old?: string
  readonly more?: string
  readonly name?: string
  readonly charset?: string
  readonly id?: string
}

export const codeOf = (reply: string) => /\rMSA\|(\w\w)/.exec(reply)?.[1]

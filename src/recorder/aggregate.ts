// Things that happen too often for a record each: refused traffic becomes one record a second and
// port, repeated reads one a minute. The first read of a token, route, pump and minute is recorded
// before its reply goes out; nobody can fill the disk by asking or by sending noise.

import type { Actor, NewRecord } from '../audit/format/record.ts'
import type { Receipt } from '../audit/log/queue.ts'
import type { Cancel, Env } from '../base/env.ts'
import { utc } from '../base/env.ts'

type Append = (record: NewRecord) => Promise<Receipt | null>

interface Refused {
  readonly from: string
  readonly wand: string | null
  readonly reasons: Map<string, { frames: number; bytes: number }>
}

/** Refused traffic, one record per port and second. */
export class RefusedTraffic {
  readonly #env: Env
  readonly #append: Append
  readonly #ports = new Map<string, Refused>()
  #timer: Cancel | null = null

  constructor(env: Env, append: Append) {
    this.#env = env
    this.#append = append
  }

  add(
    port: string,
    wand: string | null,
    reason: string,
    { frames, bytes }: { readonly frames: number; readonly bytes: number },
  ): void {
    const entry = this.#ports.get(port) ?? { from: utc(this.#env.wall()), wand, reasons: new Map() }
    this.#ports.set(port, entry)
    const sum = entry.reasons.get(reason) ?? { frames: 0, bytes: 0 }
    entry.reasons.set(reason, { frames: sum.frames + frames, bytes: sum.bytes + bytes })
    this.#timer ??= this.#env.after(1_000, () => void this.flush(), { background: true })
  }

  /** Writes what has gathered; before the end of a bridge, too. */
  async flush(): Promise<void> {
    this.#timer?.()
    this.#timer = null
    const ports = [...this.#ports]
    this.#ports.clear()
    const to = utc(this.#env.wall())
    await Promise.all(ports.map(([port, entry]) => this.#append(refusedRecord(port, entry, to))))
  }
}

function refusedRecord(
  port: string,
  { from, wand, reasons }: Refused,
  to: string,
): NewRecord<'refused'> {
  const list = [...reasons].map(([why, sum]) => ({ why, ...sum }))
  return {
    kind: 'refused',
    port,
    wand,
    outcome: { ok: false, reason: 'damaged-or-foreign' },
    body: {
      from,
      to,
      frames: list.reduce((n, r) => n + r.frames, 0),
      bytes: list.reduce((n, r) => n + r.bytes, 0),
      reasons: list,
    },
  }
}

export interface Access {
  readonly actor: Actor
  /** Class of the route (`/api/v1/pumps/{id}`), never its parameters. */
  readonly route: string
  readonly pump: string | null
}

interface Minute {
  readonly access: Access
  readonly from: string
  /** Whether the first read is recorded: what its repeats wait for, too. True = it is. */
  first: Promise<boolean> | true
  /** Reads behind the first, which has a record of its own. */
  repeats: number
}

/** Distinct token, route and pump a minute; beyond that every read has its own record. */
const MOST = 1_000

/** Who read what. */
export class ReadAccess {
  readonly #env: Env
  readonly #append: Append
  #minute = new Map<string, Minute>()
  #refused = 0
  #refusedFrom: string | null = null
  #timer: Cancel | null = null

  constructor(env: Env, append: Append) {
    this.#env = env
    this.#append = append
  }

  /**
   * True, or a promise of it, when the reply may go out: when the first read of this minute is durable.
   * False when it could not be recorded: then there is no reply.
   */
  read(access: Access): Promise<boolean> | true {
    const key = JSON.stringify([access.actor.id, access.route, access.pump])
    const known = this.#minute.get(key)
    this.#start()
    if (known) {
      known.repeats += 1
      return known.first
    }
    const now = utc(this.#env.wall())
    const first = this.#append(this.#record(access, now, now, 1)).then(
      (receipt) => receipt !== null,
    )
    if (this.#minute.size >= MOST) return first
    const minutes = this.#minute
    const minute: Minute = { access, from: now, first, repeats: 0 }
    minutes.set(key, minute)
    return first.then((kept) => {
      if (kept) minute.first = true
      else minutes.delete(key)
      return kept
    })
  }

  /** A request that was refused. Never waits, and costs one record a minute, however many come. */
  refuse(): void {
    this.#refusedFrom ??= utc(this.#env.wall())
    this.#refused += 1
    this.#start()
  }

  /** Ends the minute: repeats and refusals become records. */
  async flush(): Promise<void> {
    this.#timer?.()
    this.#timer = null
    const minute = this.#minute
    const to = utc(this.#env.wall())
    this.#minute = new Map()
    const records: NewRecord[] = []
    for (const { access, from, repeats } of minute.values()) {
      if (repeats > 0) records.push(this.#record(access, from, to, repeats))
    }
    if (this.#refusedFrom !== null) {
      const access = {
        actor: { id: 'anyone', role: 'none', auth: 'none' },
        route: 'any',
        pump: null,
      }
      const record = this.#record(access, this.#refusedFrom, to, 0)
      records.push({
        ...record,
        outcome: { ok: false, reason: 'not-authorised' },
        body: { ...record.body, refused: this.#refused },
      })
      this.#refused = 0
      this.#refusedFrom = null
    }
    await Promise.all(records.map((record) => this.#append(record)))
  }

  #start(): void {
    this.#timer ??= this.#env.after(60_000, () => void this.flush(), { background: true })
  }

  #record(
    { actor, route, pump }: Access,
    from: string,
    to: string,
    reads: number,
  ): NewRecord<'read-access'> {
    return {
      kind: 'read-access',
      action: 'R',
      actor,
      pump,
      body: { token: actor.id, route, from, to, reads, refused: 0 },
    }
  }
}

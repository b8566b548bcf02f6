// Events as a bridge makes them, for tests of what is made of them.

import fc from 'fast-check'
import type { SnapshotRepr } from '../../protocol/fields/blocks.ts'
import type { Phase } from '../../src/drivers/open-wand/table.ts'
import type {
  BridgeEvent,
  ContactEvent,
  EventHead,
  LinkEvent,
  PumpIdentity,
  ReadingEvent,
  SessionEndEvent,
} from '../../src/model/event.ts'
import { isImmediate } from '../../src/model/event.ts'
import { snapshotValues } from '../../src/model/reading.ts'
import { statement } from '../../src/model/statement.ts'
import type { AuditStatus, Coded } from '../../src/model/status.ts'
import { learn } from '../../src/status/fold.ts'
import { type BridgeState, nothingKnown } from '../../src/status/state.ts'
import { viewPump } from '../../src/status/view.ts'
import { snapshotArbitrary } from '../model/arbitrary.ts'

export const WALL = Date.UTC(2026, 10, 24, 14, 0, 0)
export const AUDIT: Coded<AuditStatus> = {
  log: null,
  position: null,
  state: 'ok',
  checkpoint: null,
  ...statement('audit.recorded'),
  notices: [],
}

export const PUMPS: readonly PumpIdentity[] = ['SIM-0001', 'SIM-0002'].map((serial) => ({
  id: serial.toLowerCase(),
  serial,
  model: 'SIM-20',
  firmware: '1',
}))

const repr: SnapshotRepr = {
  ...(fc.sample(snapshotArbitrary, { seed: 1, numRuns: 1 })[0] as SnapshotRepr),
  reservoir: {
    reportedVolume: 5_000_000,
    capacity: 20_000_000,
    lowAlarmVolume: 2_000_000,
    lowAlarmDate: 1,
    filledAt: 1,
    filledVolume: 20_000_000,
  },
}

/** Events of one port, numbered and timed as they are made. */
export class Script {
  order = 0
  mono = 1_000
  wall = WALL
  link = 1
  session: number | null = null
  pump = PUMPS[0] as PumpIdentity
  readonly state: BridgeState = nothingKnown()
  audit = AUDIT

  head(): EventHead {
    const head: EventHead = {
      order: this.order,
      port: '/dev/wand',
      wand: 'WAND-1',
      link: this.link,
      session: this.session,
      snapshot: 1,
      source: 'simulator',
      receivedAt: new Date(this.wall).toISOString(),
      mono: this.mono,
    }
    this.order += 1
    return head
  }

  pass(ms: number): void {
    this.mono += ms
    this.wall += ms
  }

  linkEvent(connected: boolean, phase: Phase = connected ? 'watching' : 'waiting'): LinkEvent {
    const why = statement('why.port', { text: `Link event ${this.order}.` })
    return { ...this.head(), kind: 'link', phase, cause: 'retry', why, connected }
  }

  contact(fresh: boolean, loss: ContactEvent['loss'] = 'implant-lost'): ContactEvent {
    const rest = {
      coupling: 80,
      position: 'good',
      operation: 'none',
      progress: 0,
      changed: true,
      atLeast: false,
    }
    return { ...this.head(), kind: 'contact', fresh, loss, heardAt: this.mono, ...rest }
  }

  open(session: number): BridgeEvent {
    this.session = session
    return {
      ...this.head(),
      kind: 'session-open',
      pump: this.pump,
      answeredAt: this.mono,
      liveForMs: 5_000,
    }
  }

  end(how: SessionEndEvent['how']): SessionEndEvent {
    const event: SessionEndEvent = { ...this.head(), kind: 'session-end', pump: this.pump, how }
    this.session = null
    return event
  }

  recognised(): BridgeEvent {
    return {
      ...this.head(),
      kind: 'recognised',
      pump: this.pump,
      answeredAt: this.mono,
      liveForMs: 5_000,
    }
  }

  reading(): ReadingEvent {
    const head = this.head()
    const deviceTime = '2026-11-24T14:00:00'
    const values = snapshotValues(repr, { deviceTime, receivedAt: head.receivedAt })
    const clock = { deviceTime, hostTime: head.receivedAt, offsetS: 0, uncertaintyS: 1 }
    const evidence = { decoder: 'test', pdus: [], body: {} }
    const times = { saidAt: this.mono, answeredAt: this.mono, liveForMs: 5_000 }
    return {
      ...head,
      ...times,
      kind: 'reading',
      pump: this.pump,
      values,
      evidence,
      clock,
      contradicted: false,
    }
  }

  /** What the status makes of an event whose record is on the disk at once. */
  apply(...events: BridgeEvent[]): void {
    for (const event of events) {
      this.early(event)
      this.durable(event)
    }
  }

  early(event: BridgeEvent): void {
    if (isImmediate(event)) learn(this.state, event, false)
  }

  durable(event: BridgeEvent): void {
    learn(this.state, event, true)
  }

  view(pump = this.pump, state = this.state) {
    const known = state.pumps.get(pump.id)
    return known ? viewPump(state, this.audit, known, { wall: this.wall, mono: this.mono }) : null
  }

  /** A whole visit up to a live reading. */
  live(): void {
    this.apply(this.linkEvent(true), this.contact(true), this.open(7), this.reading())
  }
}

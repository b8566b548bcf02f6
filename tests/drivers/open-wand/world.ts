// The pure link machine and the fake wand in one virtual time, with a channel that loses, repeats,
// delays and forges replies. After every step it checks what must hold always; whoever drives it
// checks the rest.

import {
  decodePdu,
  encodePdu,
  FLAG_REPLY,
  FLAG_SIMULATOR,
  type Pdu,
} from '../../../protocol/codec/pdu.ts'
import { MESSAGES, type MessageName } from '../../../protocol/messages/index.ts'
import { Timing } from '../../../protocol/timing.ts'
import {
  type Effect,
  type Input,
  initialState,
  type LinkNews,
  type LinkState,
} from '../../../src/drivers/open-wand/link-state.ts'
import { step, wakeAt } from '../../../src/drivers/open-wand/machine.ts'
import { TRANSITIONS } from '../../../src/drivers/open-wand/table.ts'
import { encodeRequest } from '../../../src/drivers/open-wand/writer.ts'
import type { Policy } from '../../../src/model/policy.ts'
import type { Source } from '../../../src/model/reading.ts'
import { statement } from '../../../src/model/statement.ts'
import { FakeWand } from './fake-wand.ts'

/** What happens to one reply. `code` forges a refusal; the others forge a part of the header. */
export type Fate =
  | 'lose'
  | 'double'
  | 'late'
  | 'other-link'
  | 'other-seq'
  | 'other-type'
  | 'no-reply-flag'
  | 'other-mark'
  | 'short'
  /** `acted`: the wand lies, it did what it was asked. */
  | { readonly code: number; readonly acted: boolean }

export class Violation extends Error {}

interface Due {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

const CABLE_MS = 3

export class World {
  readonly wand = new FakeWand()
  readonly news: { readonly at: number; readonly news: LinkNews }[] = []
  /** `from cause` of every change of phase. */
  readonly went = new Set<string>()
  readonly asked: MessageName[] = []
  state: LinkState
  now = 1_000
  plugged = true
  openFails = false
  fates: Fate[] = []
  /** Requests that the wand answers with this code from now on, and does not act on. */
  answers: Readonly<Partial<Record<MessageName, number>>> = {}
  /** The wand has opened a session and said that it had not. */
  lied = false
  #queue: Due[] = []
  #order = 0
  #connection = 0
  #link = 100
  #sent: { seq: number; at: number; answered: boolean } | null = null
  #identityAt = -Infinity
  #lostAt = -Infinity
  #opens = 0

  constructor(policy: Policy, source: Source = 'simulator') {
    this.state = initialState(policy, source)
  }

  told(kind: LinkNews['kind']): number {
    return this.news.filter((n) => n.news.kind === kind).length
  }

  advance(ms: number): void {
    const end = this.now + ms
    for (;;) {
      const wake = wakeAt(this.state) ?? Infinity
      const next = this.#queue.reduce<Due | null>(
        (a, b) => (a === null || b.at < a.at || (b.at === a.at && b.order < a.order) ? b : a),
        null,
      )
      const at = Math.min(wake, next?.at ?? Infinity)
      if (at > end) break
      this.now = Math.max(this.now, at)
      this.wand.advance(this.now)
      if (next && next.at <= wake) {
        this.#queue = this.#queue.filter((d) => d !== next)
        next.run()
      } else this.input({ type: 'tick' })
    }
    this.now = end
    this.wand.advance(end)
  }

  /** Advances until `done`, at most `ms`; says how long it took, or null. */
  until(done: () => boolean, ms: number): number | null {
    const began = this.now
    while (this.now - began <= ms) {
      if (done()) return this.now - began
      this.advance(10)
    }
    return null
  }

  unplug(): void {
    if (!this.plugged) return
    this.plugged = false
    const connection = this.#connection
    this.#later(0, () => {
      if (connection === this.#connection && this.state.phase !== 'opening') {
        this.#connection += 1
        this.input({ type: 'ended', slow: false, why: statement('why.port', { text: 'pulled' }) })
      }
    })
  }

  input(input: Input): void {
    const before = this.state
    let result: ReturnType<typeof step>
    try {
      result = step(before, input, { mono: this.now, wall: this.now })
    } catch (error) {
      throw new Violation(`step threw on ${input.type} in ${before.phase}: ${String(error)}`)
    }
    this.state = result.state
    this.#followed(before, result.effects)
    const wake = wakeAt(this.state)
    if (wake !== null && wake <= this.now) {
      throw new Violation(`would spin in ${this.state.phase}: due ${wake} at ${this.now}`)
    }
    if (wake === null && !['idle', 'opening', 'stopped'].includes(this.state.phase)) {
      throw new Violation(`sleeps for ever in ${this.state.phase}`)
    }
    for (const effect of result.effects) this.#carryOut(effect)
    if (this.state.recognised && this.#identityAt < this.#lostAt) {
      throw new Violation('recognised without an identity exchange since contact was lost')
    }
  }

  /** Every change of phase must be told by one of the table's causes that lead there. */
  #followed(before: LinkState, effects: readonly Effect[]): void {
    let from = before.phase
    for (const effect of effects) {
      if (effect.do !== 'tell' || effect.news.kind !== 'phase') continue
      const { cause, phase } = effect.news
      this.went.add(`${from} ${cause}`)
      from = phase
    }
    if (from === this.state.phase) return
    // Untold on the ladder: the same failure and the next attempt.
    const quiet = Object.entries(TRANSITIONS).filter(
      ([, t]) => (t.from as readonly string[]).includes(from) && t.to === this.state.phase,
    )
    if (quiet.length === 1) this.went.add(`${from} ${quiet[0]?.[0]}`)
    if (quiet.length === 0) {
      throw new Violation(`${from} → ${this.state.phase} is not in the table`)
    }
  }

  #carryOut(effect: Effect): void {
    switch (effect.do) {
      case 'open-port':
        this.#open()
        return
      case 'close-port':
        this.#connection += 1
        this.#sent = null
        return
      case 'tell':
        this.#tell(effect.news)
        return
      case 'send':
        this.#send(effect)
        return
      default:
        return
    }
  }

  #tell(news: LinkNews): void {
    this.news.push({ at: this.now, news })
    if (news.kind === 'contact' && !news.contact.fresh) this.#lostAt = this.now
    if (news.kind === 'phase' && news.cause === 'session-asked') this.#opens += 1
    const live = news.kind === 'live' || news.kind === 'recognised' || news.kind === 'snapshot'
    if (live && this.#identityAt < this.#lostAt) {
      throw new Violation(`${news.kind} told without an identity exchange since contact was lost`)
    }
  }

  #open(): void {
    this.#connection += 1
    const connection = this.#connection
    this.#sent = null
    this.#later(5, () => {
      if (connection !== this.#connection) return
      if (!this.plugged || this.openFails) {
        this.input({
          type: 'ended',
          slow: this.openFails,
          why: statement('why.port', { text: 'cannot open' }),
        })
      } else {
        this.#link += 1
        this.input({ type: 'opened', link: this.#link })
      }
    })
  }

  #send(effect: Extract<Effect, { do: 'send' }>): void {
    const { request, seq, link, session } = effect
    const sent = this.#sent
    const free = sent === null || sent.answered || this.now - sent.at >= Timing.HOST_TIMEOUT_MS
    if (!free) throw new Violation(`${request.name} sent while another request is out`)
    this.#sent = { seq, at: this.now, answered: false }
    this.asked.push(request.name)
    const pdu = decodePdu(encodeRequest(request, { seq, link, session }))
    if (typeof pdu === 'string') throw new Violation(`the host sent no PDU: ${pdu}`)
    const connection = this.#connection
    this.#later(CABLE_MS, () => {
      if (connection !== this.#connection || !this.plugged) return
      const [fate] = this.fates
      // Refusing to give the result of an OPEN that was begun is a lie, too.
      if (typeof fate === 'object' && request.name === 'OPEN') this.lied = true
      const code = this.answers[request.name]
      if (code !== undefined) {
        this.#answer({ ...asReply(pdu), code, payload: new Uint8Array() }, connection)
        return
      }
      const spurned = typeof fate === 'object' && !fate.acted
      const reply = spurned ? asReply(pdu) : this.wand.receive(pdu, this.now)
      if (this.wand.opened > this.#opens) throw new Violation('two sessions for one want')
      this.#answer(reply, connection)
    })
  }

  #answer(reply: Pdu, connection: number): void {
    const fate = this.fates.shift()
    const deliver = (pdu: Pdu, ms: number, forged: boolean) =>
      this.#later(ms, () => {
        if (connection === this.#connection && this.plugged) this.#deliver(pdu, forged)
      })
    if (typeof fate === 'object') {
      deliver({ ...reply, code: fate.code, payload: new Uint8Array() }, CABLE_MS, false)
      return
    }
    switch (fate) {
      case undefined:
        deliver(reply, CABLE_MS, false)
        return
      case 'lose':
        return
      case 'double':
        deliver(reply, CABLE_MS, false)
        deliver(reply, CABLE_MS + 1, false)
        return
      case 'late':
        deliver(reply, 700, false)
        return
      case 'other-link':
        deliver({ ...reply, link: reply.link ^ 1 }, CABLE_MS, true)
        return
      case 'other-seq':
        deliver({ ...reply, seq: reply.seq ^ 0x8000 }, CABLE_MS, true)
        return
      case 'other-type': {
        const name = reply.type === MESSAGES.PING.type ? 'WAND' : 'PING'
        deliver({ ...reply, type: MESSAGES[name].type }, CABLE_MS, true)
        return
      }
      case 'no-reply-flag':
        deliver({ ...reply, flags: reply.flags & ~FLAG_REPLY }, CABLE_MS, true)
        return
      case 'other-mark':
        deliver({ ...reply, flags: reply.flags ^ FLAG_SIMULATOR }, CABLE_MS, true)
        return
      case 'short': {
        const payload = reply.payload.slice(0, Math.max(0, reply.payload.length - 1))
        deliver({ ...reply, payload }, CABLE_MS, false)
      }
    }
  }

  #deliver(pdu: Pdu, forged: boolean): void {
    const raw = encodePdu(pdu)
    const { out, phase } = this.state
    const mine = out?.seq === pdu.seq && MESSAGES[out.request.name].type === pdu.type
    const { OPEN, LIVE } = MESSAGES
    // What the machine may take as an identity exchange: OK, and asked after contact was lost.
    const began = this.state.air?.seq === pdu.seq ? this.state.air.firstAt : (out?.firstAt ?? 0)
    const identity =
      mine &&
      pdu.code === 0 &&
      (pdu.type === OPEN.type || (pdu.type === LIVE.type && began >= this.#lostAt))
    if (identity) this.#identityAt = this.now
    if (mine && this.#sent) this.#sent.answered = true
    const accepted = this.#accepts(
      () => this.input({ type: 'pdu', pdu, raw, wire: raw.length }),
      pdu,
    )
    if (accepted && forged) throw new Violation(`took a forged reply in ${phase}`)
    if (accepted && !mine) throw new Violation('took a reply to nothing asked')
  }

  /** Whether the machine accepted the PDU that `give` gives it; it must do that or refuse it, once. */
  #accepts(give: () => void, pdu: Pdu): boolean {
    const probe = step(
      this.state,
      { type: 'pdu', pdu, raw: encodePdu(pdu), wire: 1 },
      { mono: this.now, wall: this.now },
    ).effects.filter((e) => e.do === 'accept' || e.do === 'refuse')
    if (probe.length !== 1 && this.state.phase !== 'stopped') {
      throw new Violation(`a PDU was counted ${probe.length} times`)
    }
    give()
    return probe[0]?.do === 'accept'
  }

  #later(ms: number, run: () => void): void {
    this.#queue.push({ at: this.now + ms, order: this.#order++, run })
  }
}

const asReply = (pdu: Pdu): Pdu => ({ ...pdu, flags: FLAG_REPLY | FLAG_SIMULATOR })

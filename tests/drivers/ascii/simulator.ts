// Two wands of the other kind on one port, over two pumps, as an object in this process: ten lines a second at most,
// and every half second what their coils sense.
import { LINES } from '../../../protocol/framing/line-stream.ts'
import type { Env } from '../../../src/base/env.ts'
import type { LoopbackPeer } from '../../../src/transport/loopback.ts'
import { ADDRESSES, type Address, QUESTIONS, type Question, sum } from './wire.ts'

export interface AsciiPump {
  serial: string
  /** In mL, mL/day, mg/mL: other units than the open protocol's. */
  volume: number
  capacity: number
  rate: number
  drug: string
  concentration: number
  alarm: number | null
  near: boolean
}

const pump = (over: Partial<AsciiPump>): AsciiPump => ({
  ...{ serial: 'LU-0001', volume: 12.25, capacity: 20, rate: 0.48, drug: 'Morphine' },
  ...{ concentration: 10, alarm: null, near: true },
  ...over,
})

export class AsciiWands implements LoopbackPeer {
  readonly framing = LINES
  readonly pumps: Record<Address, AsciiPump> = {
    A: pump({}),
    B: pump({ serial: 'LU-0002', volume: 3.5, rate: 1.2, drug: 'Baclofen', concentration: 2 }),
  }
  /** Questions as they came. */
  readonly heard: string[] = []
  /** It answers nothing, or damages every line. */
  mute = false
  noisy = false
  readonly #env: Env
  #holder: { data(bytes: Uint8Array): void } | null = null
  #held = ''

  constructor(env: Env) {
    this.#env = env
  }

  hold(holder: { data(bytes: Uint8Array): void; unplugged(): void }) {
    this.#holder = holder
    this.#held = ''
    this.#sense(holder)
    return {
      write: (bytes: Uint8Array) => this.#hear(Buffer.from(bytes).toString('latin1')),
      release: () => {
        this.#holder = null
      },
    }
  }

  #sense(holder: object): void {
    if (this.#holder !== holder) return
    for (const address of ADDRESSES) {
      this.#say(`!${address} ${this.pumps[address].near ? 'NEAR 72' : 'AWAY'}`)
    }
    this.#env.after(500, () => this.#sense(holder), { background: true })
  }

  #hear(text: string): void {
    this.#held += text
    for (let at = this.#held.indexOf('\r'); at >= 0; at = this.#held.indexOf('\r')) {
      const line = this.#held.slice(0, at)
      this.#held = this.#held.slice(at + 1)
      const match = /^(\?([AB]) ([A-Z]+))\*(\d\d)$/.exec(line)
      if (!match || sum(match[1] ?? '') !== match[4]) continue
      this.heard.push(line)
      const [, , to, what] = match
      if (QUESTIONS.includes(what as Question))
        this.#env.after(40, () => this.#answer(to as Address, what as Question))
    }
  }

  #answer(to: Address, what: Question): void {
    const { serial, volume, capacity, rate, drug, concentration, alarm, near } = this.pumps[to]
    if (what !== 'ID' && !near) return this.#say(`=${to} ${what} NONE`)
    const texts: Record<Question, string> = {
      ID: `WAND-${to}7;LUMEN-2;3.1`,
      PUMP: `${serial};LUMEN P;9.0`,
      VOL: `${volume.toFixed(3)};${capacity}`,
      RATE: `${rate}`,
      DRUG: `${drug};mg;${concentration}`,
      ALRM: alarm === null ? '-' : `${alarm};2026-01-04 20:15:00`,
      CLK: new Date(this.#env.wall()).toISOString().slice(0, 19).replace('T', ' '),
    }
    this.#say(`=${to} ${what} ${texts[what]}`)
  }

  #say(text: string): void {
    if (this.mute) return
    const line = `${text}*${this.noisy ? 'zz' : sum(text)}\r\n`
    // In two pieces, as a serial port may.
    for (const part of [line.slice(0, 5), line.slice(5)])
      this.#holder?.data(Buffer.from(part, 'latin1'))
  }
}

// Makes the chunks of one capture. It keeps what happened until `take`, which gives whole chunks: what was given
// to a file before the program was killed is readable. Pure.
import { MAJOR, MINOR } from '../../protocol/codec/pdu.ts'
import { utc } from '../base/env.ts'
import { VERSION } from '../base/version.ts'
import type { Stamp } from '../model/event.ts'
import type { PortFact } from '../transport/port.ts'
import {
  type About,
  aboutChunk,
  CAPTURE_FORMAT,
  type CapturedPort,
  fits,
  sizeOf,
  type Traffic,
  trafficChunk,
} from './format.ts'

/** Most bytes of a chunk before it is compressed. */
const CHUNK = 64 << 10
/** What is true of the whole capture is said again after so many chunks: the first one may be damaged. */
const AGAIN = 200

/** A writer that says of itself which program it is part of. */
export function captureWriter(of: Pick<About, 'boot' | 'bridge'> & { readonly began: Stamp }) {
  const { boot, bridge, began } = of
  const protocol = `${MAJOR}.${MINOR}`
  const { version: node, platform } = process
  const startedAt = utc(began.wall)
  const about = { wandbridge: VERSION, protocol, node, platform, boot, bridge, startedAt }
  return new CaptureWriter(about, began)
}

export class CaptureWriter {
  readonly #about: Omit<About, 'format' | 'ports'>
  readonly #began: Stamp
  readonly #framings = new Map<string, CapturedPort['framing']>()
  #waiting: Traffic[] = []
  #bytes = 0
  #number = 0
  #aboutDue = 0

  constructor(about: Omit<About, 'format' | 'ports'>, began: Stamp) {
    this.#about = about
    this.#began = began
  }

  /** Bytes that wait for `take`. */
  get waiting(): number {
    return this.#bytes
  }

  /** A port that is there from the beginning. */
  include(path: string, framing: CapturedPort['framing']): void {
    this.#framings.set(path, framing)
  }

  put(path: string, fact: PortFact, at: Stamp): void {
    if (!this.#framings.has(path)) {
      this.#framings.set(path, null)
      this.#aboutDue = this.#number
    }
    if (fact.kind === 'opened') this.#framings.set(path, fact.framing)
    const port = [...this.#framings.keys()].indexOf(path)
    if (fact.kind !== 'in' && fact.kind !== 'out') return this.#keep({ port, at, fact })
    const { kind, bytes } = fact
    for (let from = 0; from < bytes.length; from += CHUNK) {
      const piece = Uint8Array.from(bytes.subarray(from, from + CHUNK))
      this.#keep({ port, at, fact: { kind, bytes: piece } })
    }
  }

  lost(bytes: number, at: Stamp): void {
    this.#keep({ port: null, at, lost: bytes })
  }

  #keep(one: Traffic): void {
    this.#waiting.push(one)
    this.#bytes += sizeOf(one)
  }

  /** What waits, as whole chunks; of a capture that has none yet, at least what is true of it. */
  take(): Uint8Array {
    const all = this.#waiting
    this.#waiting = []
    this.#bytes = 0
    const chunks: Uint8Array[] = []
    if (this.#number === 0) chunks.push(this.#say())
    let part: Traffic[] = []
    let size = 0
    const end = () => {
      const [first] = part
      if (!first) return
      if (this.#number >= this.#aboutDue) chunks.push(this.#say())
      chunks.push(trafficChunk(this.#number, part))
      this.#number += 1
      part = []
      size = 0
    }
    for (const one of all) {
      const first = part[0] ?? one
      const bytes = sizeOf(one)
      if (size + bytes > CHUNK || !fits(one.at, first.at)) end()
      part.push(one)
      size += bytes
    }
    end()
    return Buffer.concat(chunks)
  }

  #say(): Uint8Array {
    const ports = [...this.#framings].map(([path, framing]) => ({ path, framing }))
    const about = { format: CAPTURE_FORMAT, ...this.#about, ports } as const
    const bytes = aboutChunk(this.#number, this.#began, about)
    this.#number += 1
    this.#aboutDue = this.#number + AGAIN
    return bytes
  }
}

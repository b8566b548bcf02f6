// Reads a capture from its bytes as they come, in constant memory, whatever has become of them: what is damaged is
// told with its place, and the next whole chunk is looked for.
import {
  type About,
  HEAD_SIZE,
  type Head,
  MAGIC,
  readAbout,
  readBody,
  readHead,
  readTraffic,
  type Traffic,
} from './format.ts'

/** Bytes of the file: `from` is the first, `to` the one behind the last. */
interface Place {
  readonly from: number
  readonly to: number
}
export type Part =
  | ({ readonly kind: 'about'; readonly about: About } & Place)
  | ({ readonly kind: 'traffic'; readonly traffic: readonly Traffic[] } & Place)
  /** These bytes are no chunks, or chunks are missing here; null = how many is not known. */
  | ({ readonly kind: 'damage'; readonly missing: number | null } & Place)
  /** The last chunk has no end: whoever wrote it was ended in the middle of it. */
  | ({ readonly kind: 'cut' } & Place)

export async function* readCapture(source: AsyncIterable<Uint8Array>): AsyncGenerator<Part> {
  const reader = new Reader()
  for await (const bytes of source) yield* reader.push(bytes)
  yield* reader.end()
}

class Reader {
  /** Not read yet. */
  #held: Buffer = Buffer.alloc(0)
  /** Place of its first byte. */
  #at = 0
  /** Where the damage in hand began; null = there is none. */
  #damagedFrom: number | null = null
  /** Number that the next chunk has. */
  #next = 0;

  *push(bytes: Uint8Array): Generator<Part> {
    this.#held = this.#held.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#held, bytes])
    yield* this.#chunks(false)
  }

  *end(): Generator<Part> {
    yield* this.#chunks(true)
    const [from, to] = [this.#at, this.#at + this.#held.length]
    const cut = this.#held.length < HEAD_SIZE ? begins(this.#held) : readHead(this.#held) !== null
    const damagedTo = cut ? from : to
    const damagedFrom = this.#damagedFrom ?? from
    if (damagedTo > damagedFrom) {
      yield { kind: 'damage', from: damagedFrom, to: damagedTo, missing: null }
    }
    if (cut && to > from) yield { kind: 'cut', from, to }
  }

  /** Every chunk that is whole in what is held. `last`: no more will come. */
  *#chunks(last: boolean): Generator<Part> {
    let at = 0
    while (this.#held.length - at >= HEAD_SIZE) {
      const rest = this.#held.subarray(at)
      const head = readHead(rest)
      const end = HEAD_SIZE + (head?.stored ?? 0)
      if (head && rest.length < end && !(last && holdsHead(rest.subarray(1)))) break
      const parts = head && this.#parts(head, rest.subarray(HEAD_SIZE, end), this.#at + at)
      if (parts) {
        yield* parts
        at += end
      } else {
        this.#damagedFrom ??= this.#at + at
        const next = rest.indexOf(MAGIC, 1)
        // The last bytes may be the beginning of one.
        at += next > 0 ? next : rest.length - MAGIC.length + 1
      }
    }
    this.#held = this.#held.subarray(at)
    this.#at += at
  }

  #parts(head: Head, stored: Uint8Array, from: number): Part[] | null {
    const place = { from, to: from + HEAD_SIZE + stored.length }
    const body = readBody(head, stored)
    const about = body && head.kind === 'about' ? readAbout(body) : null
    const traffic = body && head.kind === 'traffic' ? readTraffic(head, body) : null
    if (!about && !traffic) return null
    const parts: Part[] = []
    const missing = head.number - this.#next
    if (this.#damagedFrom !== null || missing !== 0) {
      const damaged = { from: this.#damagedFrom ?? from, to: from }
      parts.push({ kind: 'damage', ...damaged, missing: missing < 0 ? null : missing })
    }
    this.#damagedFrom = null
    this.#next = head.number + 1
    if (about) parts.push({ kind: 'about', about, ...place })
    if (traffic) parts.push({ kind: 'traffic', traffic, ...place })
    return parts
  }
}

/** Whether these few bytes are how a chunk begins. */
const begins = (bytes: Uint8Array) =>
  MAGIC.subarray(0, bytes.length).every((byte, i) => bytes[i] === byte)

/** Whether a chunk begins anywhere in them. */
function holdsHead(bytes: Uint8Array): boolean {
  const rest = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = rest.indexOf(MAGIC); at >= 0; at = rest.indexOf(MAGIC, at + 1)) {
    if (readHead(rest.subarray(at))) return true
  }
  return false
}

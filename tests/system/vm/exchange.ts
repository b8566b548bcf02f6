// HELLO over whatever the kernel made of a wand: what line.ts and reports.ts have in common.
import assert from 'node:assert/strict'
import { encodePdu, type Header, MAJOR, type Pdu, wholePdu } from '../../../protocol/codec/pdu.ts'
import { parse } from '../../../protocol/codec/struct.ts'
import { MESSAGES } from '../../../protocol/messages/index.ts'
import { note } from './host.ts'
import { until } from './until.ts'

/** A HELLO request; `link` and `seq` are repeated in its reply. */
export function hello(link = 0x5151, seq = 1): Uint8Array {
  return encodePdu({
    ...{ major: MAJOR, type: MESSAGES.HELLO.type, flags: 0, code: 0, seq, link, session: 0 },
    payload: Uint8Array.of(0),
  })
}

/** An open way to a wand, with what has come over it. */
export abstract class Opened {
  readonly pdus: Pdu[] = []
  /** Reasons of what was no PDU. */
  readonly discarded: string[] = []
  /** Bytes of what was no PDU, and reports that never came, as far as their counters tell. */
  readonly lost = { bytes: 0, reports: 0 }
  /** How it ended by itself: in the library's words. */
  gone: string | null = null
  readonly sink = {
    pdu: (header: Header, raw: Uint8Array) => void this.pdus.push(wholePdu(header, raw)),
    discarded: (reason: string, bytes: Uint8Array) => {
      this.discarded.push(reason)
      this.lost.bytes += bytes.length
    },
    missing: (reports: number) => {
      this.discarded.push(`${reports} missing`)
      this.lost.reports += reports
    },
  }

  abstract send(pdu: Uint8Array): Promise<void>
  abstract close(): Promise<void>

  /** The reply with this link and number. */
  answer(link = 0x5151, seq = 1, ms = 5000): Promise<Pdu> {
    const found = () => this.pdus.find((pdu) => pdu.link === link && pdu.seq === seq)
    return until(`a reply with link ${link} and number ${seq}`, found, ms)
  }

  /**
   * One HELLO with its reply: the wand's serial number in it. It is sent again where no reply comes, as
   * every host does it, because what is first on a line that was just plugged in may be lost there.
   */
  async hello(link = 0x5151, seq = 1): Promise<string> {
    const fields = parse(MESSAGES.HELLO.reply, (await this.#asked(link, seq)).payload)
    assert.ok(fields, 'a HELLO reply')
    return fields.wandSerial ?? ''
  }

  async #asked(link: number, seq: number): Promise<Pdu> {
    for (let left = 3; ; left -= 1) {
      await this.send(hello(link, seq))
      try {
        return await this.answer(link, seq)
      } catch (error) {
        if (left === 0) throw error
        note(`HELLO is sent again: ${error instanceof Error ? error.message : error}`)
      }
    }
  }
}

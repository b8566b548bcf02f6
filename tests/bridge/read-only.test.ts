// Read-only: over every scenario and under every fault, each frame the host sends is a request of the
// protocol's own closed table, and nothing else leaves the port.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Pdu, wholePdu } from '../../protocol/codec/pdu.ts'
import { parse } from '../../protocol/codec/struct.ts'
import type { Struct } from '../../protocol/fields/field.ts'
import type { FrameSink } from '../../protocol/framing/framing.ts'
import { ReportEncoder } from '../../protocol/framing/hid-report.ts'
import { LineStream } from '../../protocol/framing/line-stream.ts'
import { ReportStream } from '../../protocol/framing/report-stream.ts'
import { encodeLine } from '../../protocol/framing/serial-line.ts'
import { isForbiddenType, MESSAGES, messageOfType } from '../../protocol/messages/index.ts'
import { scenarioNames } from '../../simulator/scenarios/load.ts'
import { openWand } from '../../src/drivers/open-wand/driver.ts'
import { rig } from './rig.ts'

const ROOT = new URL('../..', import.meta.url).pathname

/** Decodes everything a host sent; throws on a byte that is no part of a frame. */
function decodeAll(bytes: readonly Uint8Array[], framing: 'line' | 'report'): Pdu[] {
  const pdus: Pdu[] = []
  const sink: FrameSink = {
    pdu: (header, raw) => void pdus.push(wholePdu(header, raw)),
    discarded: (reason: string) => {
      throw new Error(`the host sent what is no frame: ${reason}`)
    },
  }
  const stream = framing === 'line' ? new LineStream(sink) : new ReportStream(sink)
  for (const chunk of bytes) stream.push(chunk)
  expect(stream.held).toBe(0)
  return pdus
}

function expectReadOnly(pdus: readonly Pdu[]): void {
  for (const pdu of pdus) {
    const name = messageOfType(pdu.type)
    expect(isForbiddenType(pdu.type)).toBe(false)
    if (!name) throw new Error(`type ${pdu.type} is not in the table`)
    expect(pdu).toMatchObject({ flags: 0, code: 0 })
    const declared: Struct = MESSAGES[name].request
    expect(parse(declared, pdu.payload)).not.toBeNull()
    expect(pdu.payload).toHaveLength(declared.size)
  }
}

describe('what the host sends', () => {
  const cases = scenarioNames().flatMap((scenario, i) => [
    { scenario, seed: i, noise: 'none', framing: 'line' as const },
    {
      scenario,
      seed: i,
      noise: 'high',
      framing: i % 2 === 0 ? ('line' as const) : ('report' as const),
    },
  ])

  it.each(cases)('is read requests only: $scenario, noise $noise, $framing', async (c) => {
    const sent: Uint8Array[] = []
    const r = await rig({
      scenario: c.scenario,
      seed: c.seed,
      framing: c.framing,
      policy: c.seed % 2 === 0 ? 'continuous' : 'on-placement',
      tap: (direction, bytes) => {
        if (direction === 'sent') sent.push(bytes)
      },
    })
    r.bridge.start()
    await r.command({ do: 'noise', level: c.noise })
    await r.env.advance(15_000)
    await r.command({ do: 'unplug' })
    await r.env.advance(1_500)
    await r.command({ do: 'plug' })
    await r.env.advance(8_000)
    await r.stop()
    const pdus = decodeAll(sent, c.framing)
    expect(pdus.length).toBeGreaterThan(20)
    expectReadOnly(pdus)
    // What the driver says of itself is all that it does.
    for (const bytes of sent) {
      const text = Buffer.from(bytes).toString('latin1')
      expect(openWand.sends.some(({ pattern }) => pattern.test(text))).toBe(true)
    }
  })

  it('can match no type of the range in which a programming command would lie', () => {
    const header = (type: number) =>
      Uint8Array.of(1, type, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0)
    for (let type = 0x40; type <= 0x7f; type += 1) {
      const pdu = Uint8Array.of(...header(type), 0, 0, 0, 0)
      const frames = [
        encodeLine(pdu),
        Buffer.from(new ReportEncoder().encode(pdu)).toString('latin1'),
      ]
      for (const text of frames) {
        expect(openWand.sends.filter(({ pattern }) => pattern.test(text))).toEqual([])
      }
    }
  })
})

describe('the source', () => {
  const files = (dir: string): string[] =>
    readdirSync(join(ROOT, dir), { recursive: true, encoding: 'utf8' })
      .filter((f) => f.endsWith('.ts'))
      .map((f) => join(dir, f))

  it('hands bytes to a port in one place, which takes only a ReadRequest', () => {
    const writes = files('src/drivers').flatMap((file) =>
      readFileSync(join(ROOT, file), 'utf8')
        .split('\n')
        .filter((line) => /port\.write\(/.test(line))
        .map((line) => `${file}: ${line.trim()}`),
    )
    expect(writes).toEqual(['src/drivers/open-wand/writer.ts: this.#port.write(bytes)'])
    const elsewhere = files('src')
      .filter((f) => !f.startsWith('src/drivers/') && !f.startsWith('src/transport/'))
      .filter((f) => /WandPort\b/.test(readFileSync(join(ROOT, f), 'utf8')))
    // The bridge stands between a driver and its port: what it hands on it has judged (allowed.test.ts). What sees
    // it then for a capture hands it on as it is, and a pass-through has the same judge (host/through.test.ts).
    expect(elsewhere.sort()).toEqual([
      'src/bridge/allowed.ts',
      'src/bridge/tapped.ts',
      'src/host/through.ts',
    ])
  })

  it('uses no break, no feature report, no change of the baud rate', () => {
    for (const file of files('src')) {
      const text = readFileSync(join(ROOT, file), 'utf8')
      expect(text, file).not.toMatch(
        /\bbrk\b|sendFeatureReport|getFeatureReport|\.update\(\{|setBaudRate/,
      )
    }
  })
})

// Whatever comes in at the receive interrupts, the firmware answers each request once, sends nothing else, and no
// sanitizer has anything to report. tests/firmware/harness/fuzz.c says what is sent and what is checked.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { Code } from '../../protocol/codec/pdu.ts'
import { BUILT, build, unbuildable } from './build.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const BYTES = LONG ? 200_000_000 : 6_000_000
const why = unbuildable('tests')

describe.skipIf(why)(`the firmware and noise${why ? `: ${why}` : ''}`, () => {
  beforeAll(() => build('tests'), 120_000)

  it('answers requests, and nothing else', { timeout: LONG ? 3_600_000 : 60_000 }, async () => {
    const fuzz = join(BUILT, 'native', 'fuzz')
    const { stdout } = await promisify(execFile)(fuzz, [String(BYTES), '1'])
    const told = JSON.parse(stdout) as {
      bytes: number
      requests: number
      replies: number
      codes: number[]
    }
    console.log(stdout.trim())
    expect(told.bytes).toBeGreaterThanOrEqual(BYTES)
    // What a restart or a new opening swallowed has no reply.
    expect(told.replies).toBeGreaterThan(0.99 * told.requests)
    // It came as deep as any request can come.
    for (const [name, code] of Object.entries(Code)) {
      expect([name, told.codes[code] ?? 0]).not.toEqual([name, 0])
    }
  })
})

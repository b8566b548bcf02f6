// Exit codes of `status`, for every way a reading can come out.
import { describe, expect, it } from 'vitest'
import { NO_RECORDER } from '../../src/bridge/gate.ts'
import { interrogateOnce } from '../../src/bridge/interrogate.ts'
import { Exit } from '../../src/cli/exit.ts'
import { exitCodeOf } from '../../src/cli/status.ts'
import { outcomeTold } from '../../src/host/telling.ts'
import type { AuditStatus } from '../../src/model/status.ts'
import { WORDS } from '../../src/words/words.ts'
import { rig } from '../bridge/rig.ts'

/** One reading by a bridge whose log is in `state`, and the exit code it asks for. */
const read = async (state: AuditStatus['state'], prepare: object[] = []) =>
  (await outcome(state, prepare)).code

/** The same with the sentences; `later` is done after two seconds. */
async function outcome(
  state: AuditStatus['state'],
  prepare: readonly object[],
  later?: object,
): Promise<{ code: number; text: string }> {
  const recorder = { ...NO_RECORDER, status: () => ({ ...NO_RECORDER.status(), state }) }
  const r = await rig({ policy: 'manual', recorder })
  for (const command of prepare) await r.command(command)
  r.bridge.start()
  const ends: { code: number; text: string }[] = []
  void interrogateOnce(r.env, r.bridge, 'loop-0', 30_000).then((outcome) => {
    const told = outcomeTold(WORDS['en-US'], outcome)
    ends.push({ code: exitCodeOf(told), text: JSON.stringify(told) })
  })
  if (later) {
    await r.env.advance(2_000)
    await r.command(later)
  }
  await r.until(() => ends.length > 0)
  await r.stop()
  return ends[0] ?? { code: Number.NaN, text: '' }
}

describe('status', () => {
  it('ends with what came of the reading', async () => {
    expect(await read('ok')).toBe(Exit.OK)
    expect(await read('ok', [{ do: 'unplug' }])).toBe(Exit.NO_WAND)
    expect(await read('ok', [{ do: 'noise', faults: { drop: 1 } }])).toBe(Exit.NO_WAND)
    expect(await read('ok', [{ do: 'lift' }])).toBe(Exit.NOT_READ)
    const stuck = { do: 'fault', fault: 'stuck-telemetry', on: true }
    expect(await read('ok', [stuck])).toBe(Exit.NOT_READ)
    expect(await read('failed')).toBe(Exit.AUDIT)
  })

  it('takes a wand of another major version for a wand, and says which', async () => {
    const other = { do: 'reply', to: 'HELLO', count: 0, header: { major: 2 } }
    const { code, text } = await outcome('ok', [other])
    expect(code).toBe(Exit.NOT_READ)
    expect(text).toContain('version 2')
    expect(text).not.toMatch(/no wand|nothing answers|no pump/i)
  })

  it.each([
    ['answers nothing', [{ do: 'reply', to: 'HELLO', count: 0, drop: true }], Exit.NO_WAND],
    ['is not plugged in', [{ do: 'unplug' }], Exit.NO_WAND],
  ] as const)('says nothing of a pump where the wand %s', async (_, prepare, expected) => {
    for (const lifted of [[], [{ do: 'lift' }]]) {
      const { code, text } = await outcome('ok', [...lifted, ...prepare])
      expect(code).toBe(expected)
      expect(text).not.toMatch(/the wand answers|no pump/i)
    }
  })

  it('says that no pump is in reach of a wand that answers, not of one whose cable is out since', async () => {
    const lifted = await outcome('ok', [{ do: 'lift' }])
    expect(lifted.text).toContain('no pump is in reach')
    const pulled = await outcome('ok', [{ do: 'lift' }], { do: 'unplug' })
    expect(pulled.code).toBe(Exit.NOT_READ)
    expect(pulled.text).not.toMatch(/the wand answers|no pump/i)
  })
})

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
async function read(state: AuditStatus['state'], prepare: object[] = []): Promise<number> {
  const recorder = { ...NO_RECORDER, status: () => ({ ...NO_RECORDER.status(), state }) }
  const r = await rig({ policy: 'manual', recorder })
  for (const command of prepare) await r.command(command)
  r.bridge.start()
  let code: number | null = null
  void interrogateOnce(r.env, r.bridge, 'loop-0', 30_000).then((outcome) => {
    code = exitCodeOf(outcomeTold(WORDS['en-US'], outcome))
  })
  await r.until(() => code !== null)
  await r.stop()
  return code ?? Number.NaN
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
})

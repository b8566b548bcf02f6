// A bridge whose output nobody takes: it goes on reading, hears signals, and closes its session.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ask } from '../../src/control/client.ts'
import { endAll, eventually, MAIN, type Program, run, sim, start, temporary } from './programs.ts'

const MS = 60_000
const NODE = process.execPath

/** A terminal that hangs up as soon as the bridge has said something on it; prints the bridge's pid. */
const HANG_UP = `
import os, pty, sys
master, slave = pty.openpty()
pid = os.fork()
if pid == 0:
    os.setsid()
    os.dup2(slave, 1); os.dup2(slave, 2); os.close(master); os.close(slave)
    os.execv(sys.argv[1], sys.argv[1:])
os.close(slave)
os.read(master, 100)
os.close(master)
print(pid, flush=True)
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status))
`

afterAll(endAll)

async function session(state: string): Promise<string | undefined> {
  // A bridge that is just starting says so.
  const status = await ask(state, 'status', {}).catch(() => null)
  return status?.wands[0]?.session.state
}

/** Waits for an open session, ends the bridge, and asks the pump's wand how the session ended. */
async function endsInOrder(
  bridge: Program,
  state: string,
  port: string,
  pid: number,
  signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM',
): Promise<number | null> {
  for (let open = false; !open; ) open = (await session(state)) === 'open'
  const used = cpu(pid)
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  // Of 100 ticks a second: it waits for the wand, it does not spin.
  expect(cpu(pid) - used).toBeLessThan(80)
  expect(await session(state)).toBe('open')
  process.kill(pid, signal)
  const code = await bridge.exit
  const after = start([
    'status',
    '--json',
    '--source',
    'simulator',
    '--serial',
    port,
    '--state-dir',
    temporary(),
  ])
  expect(await after.exit).toBe(0)
  expect(after.json()[0]).toMatchObject({ wand: { lastSessionEnd: 'closed' } })
  return code
}

/** Processor time of a process, in hundredths of a second. */
function cpu(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')')).split(' ')
  return Number(fields[12]) + Number(fields[13])
}

describe('a bridge whose output goes to', () => {
  const world = async () => {
    const { port } = await sim('pty')
    const state = join(temporary(), 'state')
    const args = [
      'serve',
      '--source',
      'simulator',
      '--serial',
      port,
      '--state-dir',
      state,
      '--policy',
      'continuous',
    ]
    return { port, state, args: [MAIN, ...args, '--listen', 'none'] }
  }

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'a full disk hears %s',
    { timeout: MS },
    async (signal) => {
      const { port, state, args } = await world()
      const bridge = run('sh', ['-c', 'exec "$@" >/dev/full 2>&1', 'sh', NODE, ...args])
      expect(await endsInOrder(bridge, state, port, bridge.child.pid as number, signal)).toBe(0)
    },
  )

  it('a closed pipe', { timeout: MS }, async () => {
    const { port, state, args } = await world()
    const bridge = run(NODE, args)
    bridge.child.stderr?.destroy()
    expect(await endsInOrder(bridge, state, port, bridge.child.pid as number)).toBe(0)
  })

  it('a terminal that hung up', { timeout: MS }, async () => {
    const { port, state, args } = await world()
    const bridge = run('python3', ['-c', HANG_UP, NODE, ...args])
    await eventually(bridge.out, (text) => text.includes('\n'), 20_000)
    // Node itself aborts at its very end: it cannot give that terminal its old settings.
    await endsInOrder(bridge, state, port, Number(bridge.out()))
  })
})

it('a command whose output is lost does not say that all is well', { timeout: MS }, async () => {
  const { port } = await sim('pty')
  const status = [
    MAIN,
    'status',
    '--source',
    'simulator',
    '--serial',
    port,
    '--state-dir',
    temporary(),
  ]
  const lost = run('sh', ['-c', 'exec "$@" >/dev/full', 'sh', NODE, ...status])
  expect(await lost.exit).toBe(1)
  expect(lost.err()).toContain('Not everything could be printed (ENOSPC)')
})

// What starting costs: the processor time of a whole command, from start to exit, against `node -e 0`, in turns.
// Each process says by itself what it has used when it exits; that hook is in all of them.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spread } from './rounds.ts'
import type { Said } from './row.ts'

const HOOK = `process.on('exit', () => {
  const { user, system } = process.cpuUsage()
  require('node:fs').writeSync(3, String(user + system))
})`

/** `root`: a clone that was built. */
export function coldStarts(root: string, turns: number): Said {
  const dir = mkdtempSync(join(tmpdir(), 'wandbridge-cold-'))
  const hook = join(dir, 'hook.cjs')
  writeFileSync(hook, HOOK)
  const program = join(root, 'dist', 'bin', 'wandbridge.js')
  const cost = (...args: string[]): number => {
    const { output, error } = spawnSync(process.execPath, ['--require', hook, ...args], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      cwd: dir,
      env: { ...process.env, XDG_STATE_HOME: dir },
    })
    if (error) throw error
    return Number(String(output[3])) / 1_000
  }
  const commands = [
    ['version', [program, '--version']],
    ['status', [program, 'status']],
  ] as const
  const ratios = commands.map((): number[] => [])
  try {
    for (let turn = -1; turn < turns; turn += 1) {
      const bare = cost('-e', '0')
      for (const [i, [, args]] of commands.entries()) {
        const ours = cost(...args)
        if (turn >= 0) ratios[i]?.push(ours / bare)
      }
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
  return Object.fromEntries(commands.map(([name], i) => [name, spread(ratios[i] ?? [])]))
}

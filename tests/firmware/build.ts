// Builds the firmware for its tests, and finds the emulator. What is not installed skips the tests that need
// it and says so; in the gate (CI=true) it fails them.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))
export const FIRMWARE = join(ROOT, 'firmware')
/** Where everything built of it goes. */
export const BUILT = join(ROOT, '.cache', 'firmware')
export const HARNESS = join(BUILT, 'native', 'bench')

type Target = 'arm' | 'native' | 'tests'

const COMPILERS = { arm: 'arm-none-eabi-gcc', native: 'gcc', tests: 'gcc' } as const

/** Why `target` cannot be built here, or false. In the gate it always can, or the test fails. */
export function unbuildable(target: Target): string | false {
  if (process.env['CI'] === 'true') return false
  const missing = ['make', 'flock', COMPILERS[target]].find((name) => !found(name))
  return missing !== undefined && `there is no ${missing} on this computer`
}

/** Test files run at the same time: they build one after the other. */
export function build(target: Target): void {
  mkdirSync(BUILT, { recursive: true })
  const run = spawnSync('flock', [join(BUILT, 'lock'), 'make', '-C', FIRMWARE, target], {
    encoding: 'utf8',
    env: { ...process.env, OUT: BUILT },
  })
  if (run.status !== 0) throw new Error(`make ${target}: ${run.error ?? run.stdout + run.stderr}`)
}

export interface Emulator {
  readonly program: string
  readonly env: Readonly<Record<string, string>>
}

/** QEMU for ARM: of the system, else as firmware/qemu.sh has unpacked it; null = there is none. */
export function emulator(): Emulator | null {
  const name = 'qemu-system-arm'
  const own = found(name)
  if (own) return { program: own, env: {} }
  const root = join(BUILT, 'qemu')
  const program = join(root, 'usr/bin', name)
  if (!existsSync(program)) return null
  const libraries = ['usr/lib/x86_64-linux-gnu', 'lib/x86_64-linux-gnu']
  return {
    program,
    env: { LD_LIBRARY_PATH: libraries.map((path) => join(root, path)).join(':') },
  }
}

function found(name: string): string | undefined {
  const places = (process.env['PATH'] ?? '').split(delimiter).map((path) => join(path, name))
  return places.find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

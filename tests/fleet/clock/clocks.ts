// The wall clocks of the nodes of a cluster, each set for itself while it runs: see preload.c.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const source = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const COMMON = ['-O2', '-Wall', '-Wextra', '-Werror', '-fPIC', '-shared']
/** As the kernel's own lies in memory: every byte where it is in the file. */
const LAID_OUT = [
  ...['-nostdlib', '-fno-stack-protector', '-Wl,--hash-style=both', '-Wl,-z,norelro'],
  ...['-Wl,-z,max-page-size=16', '-Wl,-z,noseparate-code'],
  `-Wl,--version-script=${source('clock.map')}`,
]

export interface Clocks {
  /** What a node is started with. */
  readonly environment: Readonly<Record<string, string>>
  /** Sets the clock of a node so many seconds off from the computer's own. */
  set(node: number, seconds: number): void
}

/** `confOf`: where the configuration of a node is. */
export function clocksOf(
  dir: string,
  nodes: readonly number[],
  confOf: (node: number) => string,
): Clocks {
  // Elsewhere a vDSO has other names, and the nodes keep the computer's clock.
  if (process.arch !== 'x64') return { environment: {}, set: () => {} }
  const [clock, preload] = [join(dir, 'clock.so'), join(dir, 'preload.so')]
  execFileSync('gcc', [...COMMON, ...LAID_OUT, '-o', clock, source('clock.c')])
  execFileSync('gcc', [...COMMON, '-o', preload, source('preload.c')])
  const set = (node: number, seconds: number) => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64LE(BigInt(seconds))
    // In its place: it is mapped.
    writeFileSync(`${confOf(node)}.clock`, bytes, { flag: 'r+' })
  }
  for (const node of nodes) writeFileSync(`${confOf(node)}.clock`, Buffer.alloc(8))
  return { environment: { LD_PRELOAD: preload, CLOCK_LIBRARY: clock }, set }
}

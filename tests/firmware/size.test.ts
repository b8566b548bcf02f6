// The firmware fits a small microcontroller: 32 KiB of flash, 8 KiB of RAM with the deepest stack that its calls
// allow. The depth is reckoned over the compiler's own graph of calls; there are no calls through pointers.
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { BUILT, build, FIRMWARE, unbuildable } from './build.ts'

const why = unbuildable('arm')
const ARM = join(BUILT, 'arm')
const KIB = 1024
/** What the processor puts on the stack when an interrupt comes: eight words, aligned. */
const FRAME = 36
/** Division of 64-bit numbers comes from the compiler's library, without a graph. More than it can take. */
const LIBRARY: Readonly<Record<string, number>> = { __aeabi_uldivmod: 80 }

function sections(): Record<string, number> {
  const run = spawnSync('arm-none-eabi-size', ['-A', join(ARM, 'wand.elf')], { encoding: 'utf8' })
  const found = run.stdout.matchAll(/^\.(\w+)\s+(\d+)/gm)
  return Object.fromEntries([...found].map(([, name, size]) => [name, Number(size)]))
}

/** Bytes of stack of a function and of what it calls, at the deepest. */
function depths(): (name: string) => number {
  const own: Record<string, number> = { ...LIBRARY }
  const calls = new Map<string, Set<string>>()
  for (const file of readdirSync(ARM, { recursive: true }).map(String)) {
    if (!file.endsWith('.ci')) continue
    const graph = readFileSync(join(ARM, file), 'utf8')
    for (const [, name, size, kind] of graph.matchAll(
      /node: \{ title: "([^"]+)" label: "[^"]*?(\d+) bytes \(([^)]+)\)/g,
    )) {
      expect([name, kind]).toEqual([name, 'static'])
      own[name as string] = Number(size)
    }
    for (const [, from, to] of graph.matchAll(
      /edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"/g,
    ))
      calls.set(from as string, (calls.get(from as string) ?? new Set()).add(to as string))
  }
  const depth = (name: string, above: readonly string[]): number => {
    if (above.includes(name)) throw new Error(`recursion: ${[...above, name].join(' > ')}`)
    if (name === '__indirect_call') throw new Error(`a call through a pointer in ${above.at(-1)}`)
    const size = own[name]
    if (size === undefined)
      throw new Error(`nothing is known of ${name}, called by ${above.at(-1)}`)
    const below = [...(calls.get(name) ?? [])].map((next) => depth(next, [...above, name]))
    return size + Math.max(0, ...below)
  }
  return (name) => depth(name, [])
}

describe.skipIf(why)(`the size of the firmware${why ? `: ${why}` : ''}`, () => {
  beforeAll(() => build('arm'), 120_000)

  it('is below 32 KiB of flash and 8 KiB of RAM, with the stack that it can need', () => {
    const size = sections()
    const { text = 0, data = 0, bss = 0, stack = 0 } = size
    expect(text).toBeGreaterThan(0)
    expect(text + data).toBeLessThan(32 * KIB)
    const depth = depths()
    // No interrupt interrupts another: all have the same priority.
    const interrupts = readFileSync(join(FIRMWARE, 'ports/startup_mps2.c'), 'utf8')
    const handlers = [...interrupts.matchAll(/^void (\w+)\(void\);/gm)]
      .map(([, name]) => name as string)
      .filter((name) => name !== 'reset')
    expect(handlers.length).toBe(5)
    const needed = depth('reset') + FRAME + Math.max(...handlers.map(depth))
    console.log(
      `flash ${text + data}, variables ${data + bss}, stack at most ${needed} of ${stack}`,
    )
    expect(needed).toBeLessThanOrEqual(stack)
    expect(stack + data + bss).toBeLessThanOrEqual(8 * KIB)
  })
})

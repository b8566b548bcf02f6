// A wand that freezes other blocks than the implant has said: the blocks are wrong, and the checksum over
// them is right, so that only who judges block by block sees it.
import { join } from '../../protocol/codec/bytes.ts'
import { crc32 } from '../../protocol/codec/crc32.ts'
import { BLOCK_NAMES, BLOCKS, type BlockName } from '../../protocol/fields/blocks.ts'
import type { Struct } from '../../protocol/fields/field.ts'
import type { CommandResult, SimulatorCommand } from '../commands.ts'
import { altered, resized, unfit } from './alter.ts'
import type { Frozen } from './work.ts'

type Fault = Extract<SimulatorCommand, { do: 'block' }>
type Block = Frozen['blocks'][number]

export class BlockFaults {
  readonly #faults = new Map<BlockName, Fault>()
  /** The newest snapshot, as the implant said it. */
  #before: Frozen | null = null

  command(fault: Fault): CommandResult {
    const { do: _do, wand: _wand, block, ...what } = fault
    if (Object.values(what).every((value) => value === undefined)) {
      this.#faults.delete(block)
      return { ok: true, message: `Block ${block} is as it should be.` }
    }
    const wrong = unfit(BLOCKS[block].struct as Struct, fault.set ?? {})
    if (wrong !== null) return { ok: false, message: wrong }
    this.#faults.set(block, fault)
    return { ok: true, message: `Block ${block} will be wrong: ${JSON.stringify(what)}.` }
  }

  /** The snapshot as the wand freezes it. */
  freeze(read: Frozen): Frozen {
    const before = this.#before
    this.#before = read
    if (this.#faults.size === 0) return read
    const blocks = read.blocks.flatMap((one) => this.#made(one, before))
    return { ...read, blocks, crc: crc32(join(blocks.map(({ bytes }) => bytes))) }
  }

  #made(one: Block, before: Frozen | null): Block[] {
    const name = BLOCK_NAMES[one.block]
    const fault = name && this.#faults.get(name)
    if (!fault) return [one]
    if (fault.missing) return []
    const old = fault.old ? before?.blocks.find(({ block }) => block === one.block) : undefined
    let { bytes } = old ?? one
    if (fault.set) bytes = altered(BLOCKS[name].struct as Struct, bytes, fault.set)
    if (fault.length !== undefined) bytes = resized(bytes, fault.length)
    const made = { ...one, bytes }
    return fault.twice ? [made, made] : [made]
  }
}

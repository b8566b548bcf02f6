// Every decoder there is or was, by the name that records carry.
import type { Decoder } from '../model/decoder.ts'
import { decoder as openWand } from './open-wand/decoder.ts'

const DECODERS: readonly Decoder[] = [openWand]

/** Undefined = no decoder of this release reads such a record. */
export function decoderOf(name: string): Decoder | undefined {
  return DECODERS.find((decoder) => decoder.name === name)
}

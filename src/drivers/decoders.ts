// Every decoder there is or was, by the name that records carry. A program that brings a driver of its own
// makes its decoder known before it reads a log.
import type { Decoder } from '../model/decoder.ts'
import { decoder as openWand } from './open-wand/decoder.ts'

const DECODERS = new Map<string, Decoder>([[openWand.name, openWand]])

/** Throws RangeError when another decoder has the name: it would read that one's records differently. */
export function knowDecoder(decoder: Decoder): void {
  const known = DECODERS.get(decoder.name)
  if (known && known !== decoder)
    throw new RangeError(`There is another decoder of the name ${decoder.name}.`)
  DECODERS.set(decoder.name, decoder)
}

/** Undefined = no decoder of this release reads such a record. */
export function decoderOf(name: string): Decoder | undefined {
  return DECODERS.get(name)
}

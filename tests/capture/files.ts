// Captures as tests make and read them.
import type { About, Traffic } from '../../src/capture/format.ts'
import { type Part, readCapture } from '../../src/capture/reader.ts'

/** Everything that a file of these bytes says, however it comes in pieces. */
export async function partsOf(bytes: Uint8Array, piece = 1 << 16): Promise<Part[]> {
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece)
  }
  const parts: Part[] = []
  for await (const part of readCapture(pieces())) parts.push(part)
  return parts
}

export const trafficOf = (parts: readonly Part[]): Traffic[] =>
  parts.flatMap((part) => (part.kind === 'traffic' ? part.traffic : []))

export function aboutOf(parts: readonly Part[]): About {
  const about = parts.findLast((part) => part.kind === 'about')
  if (!about) throw new Error('nothing says what this is a capture of')
  return about.about
}

/** Bytes that went one way, or both. */
export const bytesOf = (
  all: readonly Traffic[],
  kinds: readonly string[] = ['in', 'out'],
): number[] =>
  all.flatMap((one) =>
    one.port !== null && 'bytes' in one.fact && kinds.includes(one.fact.kind)
      ? [...one.fact.bytes]
      : [],
  )

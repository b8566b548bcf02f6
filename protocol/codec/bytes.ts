// Bytes, for both ends.

/** The parts one behind the other, copied. */
export function join(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/*
 * Little-endian numbers, byte by byte: a DataView would move a small array out of the heap first, which costs
 * more than all of them.
 */
export const u8At = (bytes: Uint8Array, i: number): number => bytes[i] as number

export const u16At = (bytes: Uint8Array, i: number): number =>
  u8At(bytes, i) | (u8At(bytes, i + 1) << 8)

export const u32At = (bytes: Uint8Array, i: number): number =>
  (u16At(bytes, i) | (u16At(bytes, i + 2) << 16)) >>> 0

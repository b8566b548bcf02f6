// Text of bytes that must be UTF-8, and nothing else: no byte is put right, and none is left out.

/** Throws a TypeError where the bytes are no UTF-8; a byte-order mark stays. */
export const strictUtf8 = (bytes: Uint8Array): string =>
  new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)

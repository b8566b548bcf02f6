// The floors: what somebody writes in an afternoon who wants the same numbers and promises nothing. None keeps
// account of bytes, none bounds a line, none knows a declaration. `plainLines` is the usual way of Node;
// `lineMachine` and `reportMachine` go byte by byte, judge every field, and are as fast as this was found to go.
import { ReadlineParser } from '@serialport/parser-readline'

/** Takes bytes as they come; `read` is called with each reading. */
export type Path = (read: (reading: object) => void) => (bytes: Buffer) => void

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n
  for (let k = 0; k < 8; k += 1) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1
  return c >>> 0
})

function crcOf(bytes: Uint8Array, end: number): number {
  let c = -1
  for (let i = 0; i < end; i += 1) {
    c = (TABLE[(c ^ (bytes[i] as number)) & 0xff] as number) ^ (c >>> 8)
  }
  return ~c >>> 0
}

/** Readline, hex, CRC, fields; nothing is validated. */
export const plainLines: Path = (read) => {
  const parser = new ReadlineParser({ delimiter: '\r\n' })
  parser.on('data', (line: string) => {
    const bytes = Buffer.from(line.slice(1), 'hex')
    const end = bytes.length - 4
    if (crcOf(bytes, end) !== bytes.readUInt32LE(end)) return
    read({
      pumpSerial: bytes.toString('latin1', 16, 32),
      stateCounter: bytes.readUInt32LE(32),
      deviceTime: bytes.readUInt32LE(36),
      reportedVolume: bytes.readUInt32LE(40),
      rate: bytes.readUInt32LE(44),
      activeAlarms: bytes[48],
    })
  })
  return (bytes) => void parser.write(bytes)
}

const u32 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)) >>>
  0

/** One reading of a LIVE PDU of 53 bytes, each field judged as README.md §7.9 has it; null = refused. */
function reading(pdu: Uint8Array, length: number): object | null {
  if (length !== 53 || pdu[6] !== 33 || pdu[7] !== 0 || u32(pdu, 49) !== crcOf(pdu, 49)) return null
  if (pdu[0] !== 1 || pdu[1] !== 0x15) return null
  let pumpSerial = ''
  let end = 32
  while (end > 16 && pdu[end - 1] === 0) end -= 1
  for (let i = 16; i < end; i += 1) {
    const c = pdu[i] as number
    const good = (c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x5a) || c === 0x2d
    if (!good) return null
    pumpSerial += String.fromCharCode(c)
  }
  const reportedVolume = u32(pdu, 40)
  const rate = u32(pdu, 44)
  const activeAlarms = pdu[48] as number
  if (reportedVolume > 50_000_000 || rate > 50_000_000 || activeAlarms > 32) return null
  const stateCounter = u32(pdu, 32)
  const deviceTime = u32(pdu, 36)
  return { pumpSerial, stateCounter, deviceTime, reportedVolume, rate, activeAlarms }
}

const digit = (c: number): number =>
  c >= 0x30 && c <= 0x39 ? c - 0x30 : c >= 0x41 && c <= 0x46 ? c - 0x37 : -1

/** One pass over the bytes, no line is ever made. */
export const lineMachine: Path = (read) => {
  const pdu = new Uint8Array(256)
  let length = -1
  let high = -1
  return (bytes) => {
    for (let i = 0; i < bytes.length; i += 1) {
      const c = bytes[i] as number
      if (c === 0x3a) {
        length = 0
        high = -1
      } else if (length >= 0) {
        const value = digit(c)
        if (value >= 0) {
          if (high < 0) high = value
          else {
            if (length < pdu.length) pdu[length] = (high << 4) | value
            length += 1
            high = -1
          }
        } else if (c === 0x0a) {
          const found = reading(pdu, length)
          if (found) read(found)
          length = -1
        } else if (c !== 0x0d) length = -1
      }
    }
  }
}

/** The same for reports; only PDUs of one report. */
export const reportMachine: Path = (read) => {
  const pdu = new Uint8Array(60)
  return (bytes) => {
    for (let at = 0; at + 64 <= bytes.length; at += 64) {
      if (bytes[at + 1] !== 1) continue
      const used = bytes[at + 2] as number
      for (let i = 0; i < used; i += 1) pdu[i] = bytes[at + 4 + i] as number
      const found = reading(pdu, used)
      if (found) read(found)
    }
  }
}

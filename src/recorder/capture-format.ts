// The capture format (README.md): lines of JSON, written and read. Pure.

export const CAPTURE_FORMAT = 'wandbridge-capture/1'

export interface CaptureHeader {
  readonly boot: string
  readonly ports: readonly string[]
  /** UTC of `t` = 0. */
  readonly startedAt: string
}

export type CaptureLine =
  | {
      readonly kind: 'traffic'
      /** From the wand, or to it. */
      readonly direction: 'in' | 'out'
      /** Place in the header's `ports`. */
      readonly port: number
      /** Monotonic microseconds since the beginning. */
      readonly t: number
      readonly bytes: Uint8Array
    }
  | { readonly kind: 'lost'; readonly bytes: number; readonly t: number }

export function headerText({ boot, ports, startedAt }: CaptureHeader): string {
  return `${JSON.stringify({ boot, format: CAPTURE_FORMAT, ports, startedAt })}\n`
}

export function lineText(line: CaptureLine): string {
  if (line.kind === 'lost') return `{"lost":${line.bytes},"t":${line.t}}\n`
  const { direction, port, t, bytes } = line
  return `{"b":"${Buffer.from(bytes).toString('base64')}","d":"${direction}","p":${port},"t":${t}}\n`
}

export interface Capture {
  readonly header: CaptureHeader
  readonly lines: readonly CaptureLine[]
  /** Characters behind the last whole line: a bridge was ended in the middle of one. */
  readonly rest: number
}

/** Reads a capture; a sentence, with the number of the line, when it is not one. */
export function parseCapture(text: string): Capture | string {
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  const [first = '', ...rows] = whole.split('\n').slice(0, -1)
  const header = readHeader(first)
  if (header === null) return `line 1: this is no ${CAPTURE_FORMAT}`
  const lines: CaptureLine[] = []
  for (const [i, row] of rows.entries()) {
    const line = readLine(row, header.ports.length)
    if (line === null) return `line ${i + 2}: not a line of ${CAPTURE_FORMAT}`
    lines.push(line)
  }
  return { header, lines, rest: text.length - whole.length }
}

function json(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

function readHeader(text: string): CaptureHeader | null {
  const { boot, format, ports, startedAt } = json(text) ?? {}
  if (format !== CAPTURE_FORMAT || typeof boot !== 'string' || typeof startedAt !== 'string') {
    return null
  }
  if (!Array.isArray(ports) || ports.some((port) => typeof port !== 'string')) return null
  return { boot, ports, startedAt }
}

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0

function readLine(text: string, ports: number): CaptureLine | null {
  const { b, d, p, t, lost } = json(text) ?? {}
  if (!isCount(t)) return null
  if (isCount(lost)) return { kind: 'lost', bytes: lost, t }
  if ((d !== 'in' && d !== 'out') || !isCount(p) || p >= ports || typeof b !== 'string') return null
  const bytes = Buffer.from(b, 'base64')
  // Base64 that says something else than it reads is damage.
  if (bytes.toString('base64') !== b) return null
  return { kind: 'traffic', direction: d, port: p, t, bytes: Uint8Array.from(bytes) }
}

// A capture with other texts in the places of names. It is a capture again: what reads captures reads it.
import { masked } from '../drivers/open-wand/masking.ts'
import { type Capture, type CaptureLine, headerText, lineText } from '../recorder/capture-format.ts'
import type { Names } from './names.ts'

export interface MaskedCapture {
  readonly text: string
  /** Bytes that are no frame of the open protocol, or of a block that is not there whole. */
  readonly leftOut: number
  /** Bytes that this version of the protocol has no declaration for: they are zero. */
  readonly blanked: number
}

export function maskedCapture({ header, lines }: Capture, names: Names): MaskedCapture {
  const traffic = lines.filter((line) => line.kind === 'traffic')
  const { frames, leftOut, blanked } = masked(
    traffic.map(({ port, direction, bytes }) => ({ port: String(port), direction, bytes })),
    (text) => names.name(text),
  )
  const out: { readonly t: number; readonly line: CaptureLine }[] = []
  for (const { piece, bytes } of frames) {
    const line = traffic[piece]
    if (line) out.push({ t: line.t, line: { ...line, bytes } })
  }
  for (const [piece, bytes] of leftOut) {
    const t = traffic[piece]?.t ?? 0
    out.push({ t, line: { kind: 'lost', bytes, t } })
  }
  for (const line of lines) if (line.kind === 'lost') out.push({ t: line.t, line })
  out.sort((a, b) => a.t - b.t)
  const { boot, ports, startedAt } = header
  const head = { boot: names.name(boot), ports: ports.map((port) => names.port(port)), startedAt }
  return {
    text: [headerText(head), ...out.map(({ line }) => lineText(line))].join(''),
    leftOut: [...leftOut.values()].reduce((sum, bytes) => sum + bytes, 0),
    blanked,
  }
}

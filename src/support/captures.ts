// A capture with other texts in the places of names. It is a capture again: what reads captures reads it.
import type { About, Traffic } from '../capture/format.ts'
import type { Part } from '../capture/reader.ts'
import { CaptureWriter } from '../capture/writer.ts'
import { masked, type Piece } from '../drivers/open-wand/masking.ts'
import type { PortFact } from '../transport/port.ts'
import type { Names } from './names.ts'

export interface MaskedCapture {
  readonly bytes: Uint8Array
  /** What is in it, before it was compressed. */
  readonly plain: Uint8Array
  /** Bytes that are no frame of the open protocol, or of a block that is not there whole. */
  readonly leftOut: number
  /** Bytes that this version of the protocol has no declaration for: they are zero. */
  readonly blanked: number
  /** Places at which the file is damaged or cut. */
  readonly damaged: number
}

/** A sentence when nothing says what it is a capture of. */
export function maskedCapture(parts: readonly Part[], names: Names): MaskedCapture | string {
  const about = parts.findLast((part) => part.kind === 'about')?.about
  const all = parts.flatMap((part) => (part.kind === 'traffic' ? part.traffic : []))
  const [first] = all
  if (!about) return 'nothing in it says what it is a capture of'
  const { pieces, order } = piecesOf(all)
  const { frames, leftOut, blanked } = masked(pieces, (text) => names.name(text))
  const byPiece = new Map<number, Uint8Array[]>()
  for (const { piece, bytes } of frames) byPiece.set(piece, [...(byPiece.get(piece) ?? []), bytes])
  const out = all.flatMap((of, i): Traffic[] => {
    if (of.port === null) return [of]
    const { port, at, fact } = of
    const piece = order.get(i)
    if (piece === undefined || !('bytes' in fact)) return [{ port, at, fact: withoutWords(fact) }]
    const whole = (byPiece.get(piece) ?? []).map((bytes) => ({
      port,
      at,
      fact: { ...fact, bytes },
    }))
    const lost = leftOut.get(piece) ?? 0
    return lost > 0 ? [...whole, { port: null, at, lost }] : whole
  })
  const head = headOf(about, names)
  const paths = about.ports.map(({ path }) => names.port(path))
  const writer = new CaptureWriter(head, first?.at ?? { mono: 0, wall: 0 })
  for (const [i, path] of paths.entries()) writer.include(path, about.ports[i]?.framing ?? null)
  for (const one of out) {
    if (one.port === null) writer.lost(one.lost, one.at)
    else writer.put(paths[one.port] ?? 'X', one.fact, one.at)
  }
  const facts = out.flatMap((one) => (one.port === null ? [] : [one.fact]))
  const words = JSON.stringify([head, paths, facts.map((fact) => ({ ...fact, bytes: 0 }))])
  const carried = facts.flatMap((fact) => ('bytes' in fact ? [fact.bytes] : []))
  return {
    ...{ bytes: writer.take(), plain: Buffer.concat([Buffer.from(words), ...carried]), blanked },
    leftOut: [...leftOut.values()].reduce((sum, bytes) => sum + bytes, 0),
    damaged: parts.filter(({ kind }) => kind === 'damage' || kind === 'cut').length,
  }
}

/** What the ports carried, each opening by itself, and which of it each thing that happened is. */
function piecesOf(all: readonly Traffic[]) {
  const openings = new Map<number, number>()
  const pieces: Piece[] = []
  const order = new Map<number, number>()
  for (const [i, one] of all.entries()) {
    if (one.port === null) continue
    const { port, fact } = one
    if (fact.kind === 'opened') openings.set(port, (openings.get(port) ?? 0) + 1)
    if (!('bytes' in fact)) continue
    order.set(i, pieces.length)
    const name = `${port}, opening ${openings.get(port) ?? 0}`
    pieces.push({ port: name, direction: fact.kind, bytes: fact.bytes })
  }
  return { pieces, order }
}

/** What a system says when a port ends may name it. */
const withoutWords = (fact: PortFact): PortFact =>
  fact.kind === 'ended' ? { ...fact, text: '' } : fact

function headOf({ ports: _, format, ...about }: About, names: Names) {
  const version = (text: string) =>
    /^v?\d{1,3}(?:\.\d{1,4}){1,2}$/.test(text) ? text : names.name(text)
  return {
    ...about,
    ...{ wandbridge: version(about.wandbridge), protocol: version(about.protocol) },
    ...{ node: version(about.node), boot: names.name(about.boot) },
    platform: /^win32$/.test(about.platform) ? about.platform : names.code(about.platform),
  }
}

// Which pump an address means, also one that was last read before the bridge started.
import { SOURCES, type Source } from '../model/reading.ts'
import { HttpProblem } from './problems.ts'
import type { HttpSources } from './sources.ts'

export interface Known {
  readonly ref: { readonly id: string; readonly serial: string }
  readonly source: Source
  /** The log its history is in. */
  readonly log: string | null
}

/** Pumps that are remembered. A clinic has fewer. */
const MOST = 10_000

export class Pumps {
  readonly #sources: HttpSources
  readonly #known = new Map<string, Omit<Known, 'log'>>()

  constructor(sources: HttpSources) {
    this.#sources = sources
  }

  /** Rejects with not-found when there is none. */
  async find(id: string, gone: () => boolean): Promise<Known> {
    const found = this.#known.get(id) ?? this.#read(id) ?? (await this.#recorded(id, gone))
    if (!found) throw new HttpProblem('not-found')
    if (this.#known.size < MOST) this.#known.set(id, found)
    return { ...found, log: this.#sources.records.head(found.source)?.log ?? null }
  }

  #read(id: string): Omit<Known, 'log'> | null {
    const found = this.#sources.status.status().pumps.find(({ pump }) => pump.id === id)
    return found ? { ref: { id, serial: found.pump.serial }, source: found.source } : null
  }

  async #recorded(id: string, gone: () => boolean): Promise<Omit<Known, 'log'> | null> {
    const { records } = this.#sources
    for (const source of SOURCES) {
      if (!records.head(source)) continue
      const kinds = ['interrogation'] as const
      for await (const { pump } of records.read({ source, pump: id, kinds, gone })) {
        if (pump) return { ref: pump, source }
      }
    }
    return null
  }
}

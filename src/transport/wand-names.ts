// The names of wands that are found, for as long as a program runs. A wand is called by its USB serial number,
// whatever socket it comes back on; but a number that two have had at once is nobody's name any more: then
// each is called by where it is plugged in, and the one that had the name keeps it there. So a name never
// passes from one wand to another, and no name is left without a wand.
import type { FoundWand } from './discovery.ts'

export class WandNames {
  /** USB serial numbers that two had at once. */
  readonly #shared = new Set<string>()
  /** Who had a number as a name, by where it was plugged in last. */
  readonly #places = new Map<string, string>()

  /** The name of each of the wands that are plugged in now. */
  name(wands: readonly FoundWand[]): ReadonlyMap<FoundWand, string> {
    const all = wands.flatMap(({ serial }) => serial ?? [])
    for (const serial of all) {
      if (all.indexOf(serial) !== all.lastIndexOf(serial)) this.#shared.add(serial)
    }
    return new Map(wands.map((wand) => [wand, this.#nameOf(wand)]))
  }

  #nameOf({ serial, place }: FoundWand): string {
    if (serial === null) return place
    if (this.#shared.has(serial)) return this.#places.get(serial) === place ? serial : place
    this.#places.set(serial, place)
    return serial
  }
}

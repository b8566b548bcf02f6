// How a check says that it cannot go on.

/** What a check found wrong, in a sentence. */
export class Failed extends Error {}
/** A check that cannot be tried here, and why. That is no fault of the wand. */
export class NotRun extends Error {}
/** The port is gone or cannot be opened: no check can say more. */
export class Gone extends Error {}

/** A failure with this sentence, unless `holds`. */
export function must(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Failed(otherwise)
}

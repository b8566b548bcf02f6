// What can go wrong between wand and host, each as a chance. One table, by level.

/** Chances from 0 to 1, each for one frame (a line, or one report) unless said otherwise. */
export interface Faults {
  /** Arrives in two to five pieces. */
  readonly split: number
  /** A piece waits for the next one and arrives with it, 16 ms later at most, as from a USB adapter. */
  readonly merge: number
  /** Loses its end. */
  readonly truncate: number
  /** Does not arrive. */
  readonly drop: number
  /** Loses one byte somewhere. */
  readonly lose: number
  /** Arrives twice. */
  readonly duplicate: number
  /** Arrives up to 200 ms later, and so does all that follows. */
  readonly delay: number
  /** Arrives 450 to 900 ms later, after what follows: by then the host has asked again. */
  readonly late: number
  /** For each byte: one of its bits is wrong. */
  readonly flip: number
  /** Up to 24 bytes of nonsense come before it. */
  readonly garbage: number
  /** What nobody has read when the host closes waits for the next opener. */
  readonly leftovers: number
}

export type NoiseLevel = 'none' | 'low' | 'high'

const NONE: Faults = {
  split: 0,
  merge: 0,
  truncate: 0,
  drop: 0,
  lose: 0,
  duplicate: 0,
  delay: 0,
  late: 0,
  flip: 0,
  garbage: 0,
  leftovers: 0,
}

export const FAULTS: Readonly<Record<NoiseLevel, Faults>> = {
  none: NONE,
  low: {
    split: 0.5,
    merge: 0.2,
    truncate: 0.005,
    drop: 0.005,
    lose: 0.005,
    duplicate: 0.005,
    delay: 0.02,
    late: 0.005,
    flip: 0.000_05,
    garbage: 0.01,
    leftovers: 0.5,
  },
  high: {
    split: 0.8,
    merge: 0.4,
    truncate: 0.03,
    drop: 0.03,
    lose: 0.03,
    duplicate: 0.03,
    delay: 0.1,
    late: 0.03,
    flip: 0.000_3,
    garbage: 0.05,
    leftovers: 1,
  },
}

export const FAULT_NAMES = Object.keys(NONE) as readonly (keyof Faults)[]

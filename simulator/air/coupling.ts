// How strongly wand and implant couple, by distance and angle, and what that means for a person and
// for the bits. Integers, products and square roots only, so that every engine gives the same.

/** cos θ in millionths, θ in whole degrees from 0 to 90. */
// biome-ignore format: a table
const COS: readonly number[] = [
  1_000_000, 999_848, 999_391, 998_630, 997_564, 996_195, 994_522, 992_546, 990_268, 987_688,
  984_808, 981_627, 978_148, 974_370, 970_296, 965_926, 961_262, 956_305, 951_057, 945_519,
  939_693, 933_580, 927_184, 920_505, 913_545, 906_308, 898_794, 891_007, 882_948, 874_620,
  866_025, 857_167, 848_048, 838_671, 829_038, 819_152, 809_017, 798_636, 788_011, 777_146,
  766_044, 754_710, 743_145, 731_354, 719_340, 707_107, 694_658, 681_998, 669_131, 656_059,
  642_788, 629_320, 615_661, 601_815, 587_785, 573_576, 559_193, 544_639, 529_919, 515_038,
  500_000, 484_810, 469_472, 453_990, 438_371, 422_618, 406_737, 390_731, 374_607, 358_368,
  342_020, 325_568, 309_017, 292_372, 275_637, 258_819, 241_922, 224_951, 207_912, 190_809,
  173_648, 156_434, 139_173, 121_869, 104_528, 87_156, 69_756, 52_336, 34_899, 17_452,
  0,
]

/** Radius of the wand's coil in mm. */
const RADIUS = 30

/** Coupling in millionths of the best possible: [1 + (d/r)²]^(-3/2) × |cos θ|. */
export function couplingOf(distance: number, angle: number): number {
  const ratio = distance / RADIUS
  const sum = 1 + ratio * ratio
  const turned = Math.abs(Math.round(angle)) % 180
  const cosine = COS[turned > 90 ? 180 - turned : turned] as number
  return Math.floor(cosine / (sum * Math.sqrt(sum)))
}

/** The coupling at which one band of bit errors passes into the next: straight above, by distance. */
const NEAR = couplingOf(35, 0)
const MIDDLE = couplingOf(55, 0)
const FAR = couplingOf(70, 0)

/** How good the air is; `lost` = nothing gets through. */
export type Band = 'near' | 'middle' | 'far' | 'lost'

/** A wand held at an angle has the band of the distance that couples as weakly. */
export function bandOf(coupling: number): Band {
  if (coupling >= NEAR) return 'near'
  if (coupling >= MIDDLE) return 'middle'
  return coupling >= FAR ? 'far' : 'lost'
}

/** Where the wand is, over the pump it is over. Lengths in mm, the angle in whole degrees. */
export interface Place {
  /** From the skin down to the pump. */
  readonly depth: number
  /** From the skin up to the wand. */
  readonly gap: number
  /** 0 = flat over the pump, 90 = the null. */
  readonly angle: number
  /** Taken away altogether. */
  readonly lifted: boolean
}

export const IN_PLACE: Place = { depth: 12, gap: 5, angle: 0, lifted: false }

export function couplingAt(place: Place): number {
  return place.lifted ? 0 : couplingOf(place.depth + place.gap, place.angle)
}

/** What would help the person who holds the wand, as PING names it. */
export function adviceFor(place: Place): 'no-implant' | 'good' | 'move-closer' | 'turn' {
  const band = bandOf(couplingAt(place))
  if (band === 'lost') return 'no-implant'
  if (band !== 'far') return 'good'
  return bandOf(couplingOf(place.depth + place.gap, 0)) === 'far' ? 'move-closer' : 'turn'
}

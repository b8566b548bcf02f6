// From the wire's integers to the units people and UCUM know, exactly: every conversion is a
// division by a power of ten of an integer below 2^53, so the result prints the very decimal that
// the pump reported. Browser-safe.
import type { WireUnit } from '../../protocol/codec/struct.ts'

/** Mass unit as programmed at the pump, per drug. Never rescaled. */
export type MassUnit = 'mg' | 'mcg'

/** UCUM units of the public surface. */
export type Unit =
  | '1'
  | '%'
  | 'Cel'
  | 'mV'
  | 'ms'
  | 's'
  | 'min'
  | 'mm'
  | 'mL'
  | 'mL/d'
  | 'mg/mL'
  | 'ug/mL'
  | 'mg/d'
  | 'ug/d'

interface Conversion {
  readonly unit: Unit
  /** Wire units in one public unit: a power of ten. */
  readonly per: number
}

const PLAIN = (unit: Unit): Conversion => ({ unit, per: 1 })

/** How a wire unit is shown to the world; masses follow the drug's own unit. */
export function conversion(wire: WireUnit, mass: MassUnit = 'mg'): Conversion {
  switch (wire) {
    case 'nL':
      return { unit: 'mL', per: 1_000_000 }
    case 'uL':
      return { unit: 'mL', per: 1_000 }
    case 'nL/d':
      return { unit: 'mL/d', per: 1_000_000 }
    case 'ng/mL':
      return mass === 'mg' ? { unit: 'mg/mL', per: 1_000_000 } : { unit: 'ug/mL', per: 1_000 }
    case 'ng/d':
      return mass === 'mg' ? { unit: 'mg/d', per: 1_000_000 } : { unit: 'ug/d', per: 1_000 }
    default:
      return PLAIN(wire)
  }
}

/** Wire units in one public unit, for the way back to integers. */
export function wirePer(unit: string): number {
  switch (unit) {
    case 'mL':
    case 'mL/d':
    case 'mg/mL':
    case 'mg/d':
      return 1_000_000
    case 'ug/mL':
    case 'ug/d':
      return 1_000
    default:
      return 1
  }
}

// From the wire's integers to the units people and UCUM know, exactly: every conversion is a
// division by a power of ten of an integer below 2^53, so the result prints the very decimal that
// the pump reported. Browser-safe.
import type { WireUnit } from '../../protocol/fields/field.ts'

/** Units whose public form follows the mass unit that was programmed. */
type MassWire = 'ng/mL' | 'ng/d'

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

/**
 * How a wire unit is shown to the world; masses follow the drug's own unit. Null = it is a mass, and the
 * unit it was programmed in is not known: no other is put in its place.
 */
export function conversion(wire: MassWire, mass: MassUnit): Conversion
export function conversion(wire: Exclude<WireUnit, MassWire>): Conversion
export function conversion(wire: WireUnit, mass: MassUnit | null): Conversion | null
export function conversion(wire: WireUnit, mass: MassUnit | null = null): Conversion | null {
  switch (wire) {
    case 'nL':
      return { unit: 'mL', per: 1_000_000 }
    case 'uL':
      return { unit: 'mL', per: 1_000 }
    case 'nL/d':
      return { unit: 'mL/d', per: 1_000_000 }
    case 'ng/mL':
      if (mass === null) return null
      return mass === 'mg' ? { unit: 'mg/mL', per: 1_000_000 } : { unit: 'ug/mL', per: 1_000 }
    case 'ng/d':
      if (mass === null) return null
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

/** The integer of a plain decimal text, in units of 10^-scale. */
export function integer(text: string, scale: number): number {
  const [whole = '0', fraction = ''] = text.replace(/^-/, '').split('.')
  const n = Number(`${whole}${fraction.padEnd(scale, '0')}`)
  return text.startsWith('-') ? -n : n
}

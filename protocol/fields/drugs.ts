import { code8, label, list, struct, u32 } from '../codec/struct.ts'

export const MASS_UNITS = { 1: 'mg', 2: 'mcg' } as const

export const Drug = struct('drug', 'One drug in the reservoir, as programmed.', {
  name: label(24, 'Name as entered at the programmer.'),
  massUnit: code8(MASS_UNITS, 'Mass unit as programmed; never rescaled between reads.'),
  concentration: u32('Concentration.', { unit: 'ng/mL', max: 500_000_000, digits: 3 }),
  dose24h: u32('Dose of one day at the present programme, patient boluses aside.', {
    unit: 'ng/d',
    max: 2_000_000_000,
    digits: 3,
  }),
})

export const Drugs = struct('drugs', 'What is in the reservoir; two or more = a mixture.', {
  drugs: list(Drug, 5, 'Primary drug first.'),
})

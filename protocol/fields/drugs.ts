import { block, code8, label, list, programme, u32 } from './field.ts'

export const MASS_UNITS = { 1: 'mg', 2: 'mcg' } as const

export const Drug = block('drug', 'One drug in the reservoir, as programmed.', {
  name: programme(label(24, 'Name as entered at the programmer.')),
  massUnit: programme(code8(MASS_UNITS, 'Mass unit as programmed; never rescaled between reads.')),
  concentration: programme(u32('Concentration.', { unit: 'ng/mL', max: 500_000_000 })),
  dose24h: programme(
    u32('Dose of one day at the present programme, patient boluses aside.', {
      unit: 'ng/d',
      max: 2_000_000_000,
    }),
  ),
})

export const Drugs = block('drugs', 'What is in the reservoir; two or more = a mixture.', {
  drugs: programme(list(Drug, 5, 'Primary drug first.')),
})

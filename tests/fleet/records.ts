// Records of a fleet's tests: the newest of three pumps, one after the other.
import type { NewRecord } from '../../src/audit/format/record.ts'

/** The `n`th record of pump number `pump`. */
export const live = (n: number, pump = 1): NewRecord<'live'> => ({
  ...{ kind: 'live', pump: `SIM-000${pump}`, model: 'SP-40', wand: 'WAND-1', port: '/dev/ttyS0' },
  ...{ session: 7, action: 'R', deviceTime: '2026-11-24T14:02:11', decoder: 'open-wand 1' },
  body: { values: { reportedVolume: n } },
})

export const some = (n: number, from = 0) =>
  Array.from({ length: n }, (_, i) => live(from + i, (i % 3) + 1))

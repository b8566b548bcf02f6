// When a pump is read without anybody asking. Browser-safe.
import type { Source } from './reading.ts'

/** on-placement: one reading each time the wand is put in place · manual: on request · continuous. */
export const POLICIES = ['on-placement', 'manual', 'continuous'] as const
export type Policy = (typeof POLICIES)[number]

/** How a bridge reads its wands. `liveMs`: what was set for it; null = nothing. */
export interface HowRead {
  readonly source: Source
  readonly policy: Policy
  readonly liveMs: number | null
}

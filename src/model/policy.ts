// When a pump is read without anybody asking. Browser-safe.

/** on-placement: one reading each time the wand is put in place · manual: on request · continuous. */
export const POLICIES = ['on-placement', 'manual', 'continuous'] as const
export type Policy = (typeof POLICIES)[number]

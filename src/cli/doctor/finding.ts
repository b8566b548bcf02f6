// What doctor says of one thing.

export interface Finding {
  readonly level: 'ok' | 'note' | 'wrong'
  readonly topic: string
  readonly says: string
  /** What to do, commands on lines of their own; null = nothing. */
  readonly todo: string | null
}

export const ok = (topic: string, says: string): Finding => ({
  ...{ level: 'ok', topic, says, todo: null },
})
export const note = (topic: string, says: string, todo: string): Finding => ({
  ...{ level: 'note', topic, says, todo },
})
export const wrong = (topic: string, says: string, todo: string): Finding => ({
  ...{ level: 'wrong', topic, says, todo },
})

// Drawn signs beside words, never instead of them.

const PATHS = {
  // A source that sends.
  live: 'M24 20a4 4 0 1 0 0 8 4 4 0 0 0 0-8M14 14a14 14 0 0 0 0 20M34 14a14 14 0 0 1 0 20M8 8a22 22 0 0 0 0 32M40 8a22 22 0 0 1 0 32',
  // A clock.
  read: 'M24 5a19 19 0 1 0 0 38 19 19 0 0 0 0-38M24 12v12l8 6',
  // The same source, crossed out.
  lost: 'M24 20a4 4 0 1 0 0 8 4 4 0 0 0 0-8M14 14a14 14 0 0 0 0 20M34 14a14 14 0 0 1 0 20M5 5l38 38',
  alarm: 'M24 5 45 42H3zM24 18v12M24 35v2',
} as const

export function Icon({ name }: { readonly name: keyof typeof PATHS }) {
  return (
    <svg class="icon" viewBox="0 0 48 48" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  )
}

// The report for programs.
import type { Report } from '../run.ts'

export function reportJson({ results, ...report }: Report): string {
  const count = (result: string) => results.filter((one) => one.result === result).length
  return JSON.stringify(
    {
      ...report,
      passed: count('passed'),
      failed: count('failed'),
      notRun: count('not-run'),
      checks: results.map(({ check: { number, section, title, asks, needs }, ...rest }) => ({
        ...{ number, section, title, asks, needs },
        ...rest,
      })),
    },
    null,
    2,
  )
}

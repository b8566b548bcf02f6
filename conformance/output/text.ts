// What people read: one line a check while it runs, the whole of what failed, and a last sentence. What the wand
// said is shown with its control characters written out.
import type { Check } from '../check.ts'
import type { Report, Result } from '../run.ts'

const MARKS = { passed: 'ok  ', failed: 'FAIL', 'not-run': '-   ' } as const
const number = (check: Check) => String(check.number).padStart(3)

/** Text of the wand as data: no control sequence of a terminal, no line of its own. */
export const plain = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is written out.
  text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (c) => {
    return `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`
  })

/** The line of a check, and what there is to say of one that failed. */
export function resultText({ check, result, why, bytes, ms }: Result): string {
  const head = `${MARKS[result]} ${number(check)}  §${check.section}  ${check.title}`
  if (result === 'passed') return `${head}${ms >= 1_000 ? ` (${(ms / 1_000).toFixed(1)} s)` : ''}`
  if (result === 'not-run') return `${head}: not run, ${plain(why ?? '')}`
  const shown = bytes.map(
    ({ ms, way, hex }) =>
      `            ${String(ms).padStart(6)} ms ${way === 'out' ? '>' : '<'} ${frame(hex)}`,
  )
  return [
    head,
    `       The section asks: ${check.asks}`,
    `       What happened: ${plain(why ?? '')}.`,
    ...(shown.length > 0 ? ['       The bytes, > to the wand, < from it:', ...shown] : []),
  ].join('\n')
}

/** Bytes that are text as text, others as digits. */
function frame(hex: string): string {
  const text = Buffer.from(hex, 'hex').toString('latin1')
  const shown = /^[\x20-\x7e\r\n]*$/.test(text) ? JSON.stringify(text) : hex
  return shown.length > 160 ? `${shown.slice(0, 160)}…` : shown
}

export function summary(report: Report): string {
  const count = (result: Result['result']) =>
    report.results.filter((one) => one.result === result).length
  const { wand } = report
  const who = wand
    ? `${wand.model ?? 'a wand'} ${wand.serial ?? ''}, firmware ${wand.firmware ?? '?'}`
    : 'the wand'
  const lines = [
    '',
    `${plain(who)} on ${report.path}: ${count('passed')} passed, ${count('failed')} failed, ${count('not-run')} not run.`,
  ]
  if (report.session !== 0)
    lines.push(
      `Session ${report.session} is not known to be closed: the pump may still be in telemetry mode. Open and close it once more with any host.`,
    )
  if (count('failed') === 0)
    lines.push(
      report.noImplant
        ? 'This was the part without an implant. Run it over a pump, without --no-implant, for the rest.'
        : 'This was the part over a pump. Run it with --no-implant, and no pump in reach, for the rest.',
    )
  return lines.join('\n')
}

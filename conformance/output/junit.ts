// The report as JUnit's XML, which machines that build software read.
import type { Report } from '../run.ts'

/** Text for XML 1.0: what it cannot hold is written out. */
const xml = (text: string): string =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: XML has no place for them.
    .replace(/[\u0000-\u001f\u007f-\u009f\ufffe\uffff]|[\ud800-\udfff]/g, (c) => {
      return `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`
    })
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')

export function reportJunit({ results, path }: Report): string {
  const count = (result: string) => results.filter((one) => one.result === result).length
  const seconds = (ms: number) => (ms / 1_000).toFixed(3)
  const total = seconds(results.reduce((sum, { ms }) => sum + ms, 0))
  const cases = results.map(({ check, result, why, ms, bytes }) => {
    const name = xml(`${check.number} ${check.title}`)
    const open = `    <testcase classname="protocol.${xml(check.section)}" name="${name}" time="${seconds(ms)}"`
    if (result === 'passed') return `${open}/>`
    const said = xml(why ?? '')
    if (result === 'not-run') return `${open}>\n      <skipped message="${said}"/>\n    </testcase>`
    const trace = bytes.map((one) => `${one.ms} ms ${one.way} ${one.hex}`).join('\n')
    return `${open}>\n      <failure message="${said}">${xml(check.asks)}\n${trace}</failure>\n    </testcase>`
  })
  const counts = `tests="${results.length}" failures="${count('failed')}" skipped="${count('not-run')}"`
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="wand-conform" ${counts} time="${total}">`,
    `  <testsuite name="${xml(path)}" ${counts} errors="0" time="${total}">`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n')
}

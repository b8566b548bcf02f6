// Adds up the reports of all runs and prints the closing line. Arguments: reports as tools/report.mjs
// and tools/vm/run.ts write them. Exits 1 when anything failed, when a report is missing or broken, or
// when no test ran.
import { readFileSync } from 'node:fs'

const total = { passed: 0, failed: 0, skipped: 0 }

for (const path of process.argv.slice(2)) {
  try {
    const { passed, failed, skipped } = JSON.parse(readFileSync(path, 'utf8'))
    if (passed + failed === 0) throw new Error('no test ran')
    total.passed += passed
    total.failed += failed
    total.skipped += skipped.length
  } catch (error) {
    console.log(`${path}: ${error.message}; counted as one failure`)
    total.failed += 1
  }
}
const { passed, failed, skipped } = total
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exitCode = failed > 0 || passed === 0 ? 1 : 0

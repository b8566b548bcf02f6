// Adds up the reports of all runs and prints the closing line. Arguments: reports as tools/report.mjs
// writes them, or `vm:FILE`, the output of the device tests. Exits 1 when anything failed, when a
// report is missing, or when no test ran.
import { readFileSync } from 'node:fs'

const VM = /^Device tests in the virtual machine: (\d+) passed, (\d+) failed, (\d+) skipped/m
const total = { passed: 0, failed: 0, skipped: 0 }

function read(argument) {
  if (!argument.startsWith('vm:')) {
    const { passed, failed, skipped } = JSON.parse(readFileSync(argument, 'utf8'))
    return [passed, failed, skipped.length]
  }
  const said = VM.exec(readFileSync(argument.slice(3), 'utf8'))
  if (!said) throw new Error('the device tests did not come to their end')
  return said.slice(1).map(Number)
}

for (const argument of process.argv.slice(2)) {
  try {
    const [passed, failed, skipped] = read(argument)
    if (passed + failed === 0) throw new Error('no test ran')
    total.passed += passed
    total.failed += failed
    total.skipped += skipped
  } catch (error) {
    console.log(`${argument}: ${error.message}; counted as one failure`)
    total.failed += 1
  }
}
const { passed, failed, skipped } = total
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exitCode = failed > 0 || passed === 0 ? 1 : 0

// `npm test`: sets the clone up with the development packages, builds, runs the tests, and ends by
// naming what did not run and why. `--long` runs the full counts; every other argument is vitest's.
// With CI=true a test left out is a failure.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { holdBuild, orSay, root, setUp } from './setup.mjs'

const args = process.argv.slice(2).filter((arg) => arg !== '--long')
const long = process.argv.includes('--long')
const ci = process.env.CI === 'true'

await orSay(async () => {
  await setUp({ dev: true })
  holdBuild()
})
const report = join(root, '.cache', 'reports', `node-${process.versions.node.split('.')[0]}.json`)
rmSync(report, { force: true })
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
const reporters = ['--reporter=default', `--reporter=${join(root, 'tools', 'report.mjs')}`]
const run = spawnSync(process.execPath, [vitest, 'run', ...reporters, ...args], {
  cwd: root,
  stdio: 'inherit',
  env: {
    ...process.env,
    WANDBRIDGE_REPORT: report,
    ...(long ? { WANDBRIDGE_LONG: '1' } : {}),
  },
})

if (!existsSync(report)) {
  console.error('The tests did not end by themselves, so nothing is known about them.')
  process.exit(run.status || 1)
}
const { passed, failed, skipped } = JSON.parse(readFileSync(report, 'utf8'))
const left = skipped.filter(({ why }) => why !== 'not selected')

console.log('\nWhat did not run:')
for (const { name, why } of left) console.log(`- ${name}: ${why}`)
if (left.length === 0) console.log('- of the tests that npm alone can run: nothing')
console.log(
  '- the device tests in a virtual machine (real USB): npm run test:vm, on Debian or Ubuntu',
)
if (!long) console.log('- the full counts of the property and load tests: npm run test:long')
console.log(
  `\n${passed} passed, ${failed} failed${left.length > 0 ? `, ${left.length} skipped` : ''}`,
)

if (passed + failed === 0) {
  console.error('No test ran at all, which is a failure.')
  process.exitCode = 1
} else if (ci && left.length > 0) {
  console.error('With CI=true nothing of the gate may be left out, so this run has failed.')
  process.exitCode = 1
} else process.exitCode = run.status ?? 1

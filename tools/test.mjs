// `npm test`: sets the clone up with the development packages, builds, runs the tests, and ends by
// naming what did not run and why. `--long` runs the full counts; `--node-alone` runs only what depends on
// the Node it runs on (vitest.config.ts says which tests those are, and why); every other argument is
// vitest's.
// The device tests in a virtual machine run, too, where the machine is built already and nothing was
// selected. With CI=true a test left out is a failure, and .ci/run has the device tests as its own step.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { holdBuild, orSay, root, setUp } from './setup.mjs'

const OWN = ['--long', '--node-alone']
const [long, nodeAlone] = OWN.map((name) => process.argv.includes(name))
const args = [
  ...(nodeAlone ? ['--project=node', '--project=system'] : []),
  ...process.argv.slice(2).filter((arg) => !OWN.includes(arg)),
]
const ci = process.env.CI === 'true'

await orSay(async () => {
  await setUp({ dev: true })
  holdBuild()
})
const report = join(root, '.cache', 'reports', `node-${process.versions.node.split('.')[0]}.json`)
const VM_REPORT = join(root, '.cache', 'reports', 'vm.json')
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
const vm = ci ? 'a step of their own in .ci/run' : deviceTests()
const reports = [report, ...(vm === null ? [VM_REPORT] : [])].map((path) =>
  JSON.parse(readFileSync(path, 'utf8')),
)
const sum = (name) => reports.reduce((total, one) => total + one[name], 0)
/** Files of tests that no project of vitest.config.ts has. */
const absent = args.length > 0 ? [] : testFiles().filter((file) => !reports[0].files.includes(file))
const left = reports.flatMap(({ skipped }) => skipped).filter(({ why }) => why !== 'not selected')

if (ci) {
  console.log('\nWhat took longest, in s:')
  for (const { file, ms } of reports[0].slowest.slice(0, 20))
    console.log(`${(ms / 1_000).toFixed(1).padStart(7)}  ${file}`)
}
const [passed, failed] = [sum('passed'), sum('failed') + absent.length]
console.log('\nWhat did not run:')
for (const file of absent) console.log(`- ${file}: no project of vitest.config.ts has it`)
for (const { name, why } of left) console.log(`- ${name}: ${why}`)
if (left.length === 0) console.log('- of the tests that npm alone can run: nothing')
if (vm !== null) console.log(`- the device tests in a virtual machine (real USB): ${vm}`)
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
} else process.exitCode = failed > 0 ? 1 : (run.status ?? 1)

function testFiles() {
  return readdirSync(join(root, 'tests'), { recursive: true })
    .map((path) => `tests/${path}`)
    .filter((path) => path.endsWith('.test.ts') && !/^tests\/(oracles|system\/vm)\//.test(path))
}

/** Runs the device tests; or, as a sentence, why not. */
function deviceTests() {
  if (args.length > 0) return 'not selected'
  const check = ['tools/vm/image.sh', '.cache/vm', '--check']
  const built = spawnSync('bash', check, { cwd: root, stdio: 'ignore' }).status === 0
  if (!built) return 'the machine is not built; npm run test:vm builds it, on Debian or Ubuntu'
  console.log('\nThe device tests in a virtual machine (its image is built), a few minutes:')
  rmSync(VM_REPORT, { force: true })
  const env = { ...process.env, ...(long ? { WANDBRIDGE_LONG: '1' } : {}) }
  spawnSync('npm', ['run', '--silent', 'test:vm'], { cwd: root, stdio: 'inherit', env })
  if (existsSync(VM_REPORT)) return null
  console.error('The device tests did not come to their end, so nothing is known about them.')
  process.exit(1)
}

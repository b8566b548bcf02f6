// `npm run check:rooms`: reads every import once, with dependency-cruiser, and holds the imports and the
// table of the house (tools/rooms.mjs) to each other. It fails for
//
//   - an import that the rules in .dependency-cruiser.mjs forbid;
//   - a permission in the table that no file uses, so that the table says what is, not what once was;
//   - a file of src/ without a room, or directly in src/ (only index.ts may lie there), and a room
//     without a file;
//   - a step of a walk (tools/walks.mjs) whose two files do not import each other.
//
// It prints one line for each, and exits with 1 when there was any.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { ROOMS, roomOf } from './rooms.mjs'
import { WALKS } from './walks.mjs'

const HOUSE = ['src', 'protocol', 'simulator', 'conformance', 'web', 'tools', 'tests'].filter(
  (folder) => existsSync(folder),
)

const { modules, summary } = cruise()
const wrong = [...forbidden(summary), ...unused(modules), ...misplaced(modules), ...broken(modules)]
for (const line of wrong) console.log(line)
console.log(
  `${summary.totalCruised} files, ${summary.totalDependenciesCruised} imports, ` +
    `${Object.keys(ROOMS).length} rooms: ${wrong.length || 'nothing'} wrong`,
)
process.exitCode = wrong.length > 0 ? 1 : 0

/** What dependency-cruiser knows of this folder, its rules applied. */
function cruise() {
  const bin = 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs'
  const args = [bin, '--output-type', 'json', ...HOUSE]
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    maxBuffer: 256 << 20,
  })
  try {
    return JSON.parse(stdout)
  } catch {
    throw new Error(`dependency-cruiser gave no report: ${stderr || stdout}`)
  }
}

function forbidden({ violations }) {
  return violations.map(({ from, to, rule }) => {
    const { comment } = summary.ruleSetUsed.forbidden.find(({ name }) => name === rule.name) ?? {}
    return `${from} → ${to}: ${rule.name}${comment ? ` (${comment})` : ''}`
  })
}

/** The permissions of the table that no import uses. Types count as imports. */
function unused(files) {
  const used = new Set()
  for (const { source, dependencies } of files) {
    for (const { resolved } of dependencies) used.add(`${roomOf(source)} → ${roomOf(resolved)}`)
  }
  return Object.entries(ROOMS).flatMap(([name, { may, lazily }]) =>
    [...may, ...lazily]
      .filter((other) => !used.has(`${name} → ${other}`))
      .map(
        (other) => `${name} → ${other}: a permission that no file uses; take it out of the table`,
      ),
  )
}

/** Steps of the walks that the imports do not have. */
function broken(files) {
  const imports = new Map(
    files.map(({ source, dependencies }) => [source, dependencies.map(({ resolved }) => resolved)]),
  )
  const joined = (a, b) => imports.get(a)?.includes(b) || imports.get(b)?.includes(a)
  const isMedium = (step) => step === undefined || step.startsWith('~')
  return Object.entries(WALKS).flatMap(([walk, steps]) =>
    steps
      .map((step, i) => [step, steps[i + 1]])
      .filter(([a, b]) => !isMedium(a) && !isMedium(b) && !joined(a, b))
      .map(([a, b]) => `${walk}: ${a} and ${b} do not import each other; mend tools/walks.mjs`),
  )
}

function misplaced(files) {
  const own = files.map(({ source }) => source).filter((file) => file.startsWith('src/'))
  const rooms = new Set(files.map(({ source }) => roomOf(source)))
  return [
    ...own
      .filter((file) => /^src\/[^/]+$/.test(file) && file !== 'src/index.ts')
      .map((file) => `${file}: lies directly in src/; put it into a room`),
    ...own
      .filter((file) => roomOf(file) === null && /^src\/.*\//.test(file))
      .map((file) => `${file}: has no room; give the room a row in tools/rooms.mjs`),
    ...Object.keys(ROOMS)
      .filter((name) => !rooms.has(name))
      .map((name) => `${name}: a room without a file; take it out of the table`),
  ]
}

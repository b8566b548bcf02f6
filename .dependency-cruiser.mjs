// Who may import whom. The rules are made from the table of the house: an import that is not in the row of
// its room fails. What no single import can show (a permission without a user, a file without a room) is
// looked for in tools/check-rooms.mjs, which runs these rules too.
import { inside, pathOf, ROOMS } from './tools/rooms.mjs'

const TYPES = ['type-only', 'type-import']
const EVERYWHERE = '^(src|protocol|simulator|web|conformance|tests|tools|bench)/'
const PRODUCT = '^(src|protocol|simulator|web|conformance)/'

const rules = Object.entries(ROOMS).flatMap(([name, { may, lazily = [] }]) => {
  const comment = `${name} may import: ${[...may, ...lazily].join(', ') || 'nothing'}`
  const from = { path: pathOf(name), pathNot: inside(name).map(pathOf) }
  const rule = (title, to) => ({ name: `${name}: ${title}`, severity: 'error', comment, from, to })
  const open = [name, ...may, ...lazily]
  const closed = inside(name).filter((n) => !open.includes(n))
  return [
    rule('only its row', { path: EVERYWHERE, pathNot: open.map(pathOf) }),
    ...closed.map((n) => rule(`not ${n}`, { path: pathOf(n) })),
    ...lazily.map((n) =>
      rule(`${n} only lazily`, { path: pathOf(n), dynamic: false, dependencyTypesNot: TYPES }),
    ),
  ]
})

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...rules,
    {
      name: 'no cycles',
      severity: 'error',
      comment: 'Types may point at each other inside a room; code may not.',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: TYPES } },
    },
    {
      name: 'nothing unresolvable',
      severity: 'error',
      comment: 'fhir/r4 is types alone (@types/fhir): there is no such package to run.',
      from: {},
      to: { couldNotResolve: true, pathNot: '^fhir/r4' },
    },
    {
      name: 'the product stands without development packages',
      severity: 'error',
      from: { path: PRODUCT },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: TYPES },
    },
    {
      name: 'every package is in package.json',
      severity: 'error',
      from: { path: EVERYWHERE },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-optional', 'deprecated'] },
    },
    {
      name: 'browser-safe rooms use no node modules',
      severity: 'error',
      comment: 'protocol, model, status, client and the page also run in a browser.',
      from: { path: '^(protocol|src/model|src/words|src/client|web)/' },
      to: { dependencyTypes: ['core'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|coverage|\\.cache)/' },
    // Imports as they are written, types included; asking also what is left after compilation takes
    // three times as long, and no rule needs it.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    // What a workspace does not have of its own it has from the package.
    combinedDependencies: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.mjs', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
}

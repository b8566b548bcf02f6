// Who may import whom. The table below is the one of the house's design; the rules are made from it,
// so that a room that is not in the table, or an import that is not in its row, fails.
//
// A row: the room's folder or file → the rooms it may import besides itself. What is in `lazily` may
// be imported dynamically (or as types) only, so that whoever does not use it never loads it.
const ROOMS = {
  protocol: { path: 'protocol/', may: [] },
  simulator: { path: 'simulator/', may: ['protocol', 'env', 'yaml'] },
  conformance: { path: 'conformance/', may: ['protocol'] },
  env: { path: 'src/env.ts', may: [] },
  capture: { path: 'src/capture/', may: ['protocol'] },
  // A checked YAML file, for the configuration and for scenarios alike.
  yaml: { path: 'src/yaml-file.ts', may: [] },
  // The shape of a port and its error: no I/O, so the link may know it.
  port: { path: 'src/transport/port.ts', may: ['env'] },
  // From protocol: the baud rate, the USB numbers.
  transport: { path: 'src/transport/', may: ['env', 'capture', 'port', 'protocol'] },
  link: { path: 'src/link/', may: ['protocol', 'env', 'port'] },
  model: { path: 'src/model/', may: ['protocol'] },
  telemetry: { path: 'src/telemetry/', may: ['protocol', 'model', 'link'] },
  audit: { path: 'src/audit/', may: ['env', 'model', 'capture', 'telemetry'] },
  status: { path: 'src/status/', may: ['model'] },
  words: { path: 'src/words/', may: ['model'] },
  // From protocol: how finely each field is shown.
  refill: { path: 'src/refill/', may: ['model', 'status', 'words', 'protocol'] },
  access: { path: 'src/access/', may: ['env', 'model'] },
  http: { path: 'src/http/', may: ['model', 'status', 'access', 'env', 'refill'] },
  fhir: { path: 'src/fhir/', may: ['model', 'status', 'access', 'env'] },
  hl7: { path: 'src/hl7/', may: ['model', 'status', 'access', 'env'] },
  fleet: { path: 'src/fleet/', may: ['model', 'status', 'access', 'env'] },
  client: { path: 'src/client/', may: ['model'] },
  // From protocol: the declared fields, by which the formatter shows a value.
  web: { path: 'web/', may: ['model', 'client', 'words', 'protocol'] },
  control: { path: 'src/control/', may: ['env', 'model'] },
  // The bridge and what stands beside it in src/ itself: the only place where rooms meet.
  bridge: {
    path: 'src/[^/]+\\.ts$',
    may: [
      ...['env', 'transport', 'port', 'link', 'model', 'telemetry', 'audit', 'capture', 'status'],
      ...['refill', 'access', 'http', 'fhir', 'hl7', 'fleet', 'control', 'protocol', 'words'],
    ],
  },
  cli: {
    path: 'src/cli/',
    may: [
      ...['bridge', 'client', 'control', 'env', 'model', 'status', 'transport', 'port', 'protocol'],
      'words',
    ],
    lazily: ['simulator', 'audit', 'auditing', 'access', 'refill', 'filling', 'conformance'],
  },
  // The verbs of `audit`: the only commands that read the log themselves.
  // One of them also makes a worksheet again from the log.
  auditing: {
    path: 'src/cli/audit/',
    may: ['cli', 'bridge', 'control', 'env', 'model', 'audit', 'refill'],
  },
  // `refill`: the page's server, the terminal, the paper.
  filling: {
    path: 'src/cli/refill/',
    may: ['cli', 'bridge', 'control', 'env', 'model', 'refill', 'transport'],
  },
}

const TYPES = ['type-only', 'type-import']
const EVERYWHERE = '^(src|protocol|simulator|web|conformance|tests|tools|bench)/'
const PRODUCT = '^(src|protocol|simulator|web|conformance)/'

const pathOf = (name) => `^${ROOMS[name].path}`
/** Rooms inside a room, such as src/env.ts beside the bridge: they have rows of their own. */
const inside = (name) =>
  Object.keys(ROOMS).filter((n) => n !== name && new RegExp(pathOf(name)).test(ROOMS[n].path))

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
      name: 'every file of src has a room',
      severity: 'error',
      comment: 'Add the new room to the table in .dependency-cruiser.mjs.',
      from: { path: '^src/', pathNot: Object.keys(ROOMS).map(pathOf) },
      to: {},
    },
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
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.mjs', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
}

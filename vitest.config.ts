// How `npm test` runs: real processes (the serial port's native part wants one each), on two processors.
// Files of a project share them one after another, which saves each file starting Node and loading the
// same modules again, a third of the processor time of these tests: a file puts back what it changes of
// its process.
//
// The tests are divided by what they need, into vitest's projects:
//
//   pure      rooms whose code imports no module of Node: arithmetic, bytes, state machines, the simulator
//             in virtual time. They give the same on every Node, so the gate runs them on one.
//   workshop  checks of the workshop itself (the gate, the rules, generated pictures): once a gate.
//   rooms     rooms that come to files and sockets by others of this house only, and judgements that are
//             long arithmetic: on one Node.
//   node      everything else in this process: files, sockets, crypto, streams, and what is there only to
//             be the same on every Node. A new room belongs here until it is known not to. Many wait
//             for a socket or a limit, so three run at a time.
//   system    whole programs, with deadlines, one of each kind that depends on Node: native parts (ports, HID),
//             signals and streams (cli, output), child processes (apart), descriptors that run out, HTTP to a
//             client and to a browser. They mostly wait, too, and run when the arithmetic of the others is over.
//   once      whole programs again, for what is drawn, said, kept or refused by them rather than done by Node:
//             pictures of the page, the page and the worksheet in Chromium, the log, commands, examples.
//             Once a gate.
//
// The gate runs all of them on the oldest Node we promise, and `node` and `system` again on the newest
// (`npm test -- --node-alone`). A new file of whole programs belongs to `system` until it is known to show
// nothing of Node that another one of it does not show.
import { defineConfig } from 'vitest/config'

const long = process.env['WANDBRIDGE_LONG'] === '1'
const timeout = (seconds: number) => (long ? seconds * 30 : seconds) * 1000

// With `!`: what is there to be the same on every Node, as a run from a seed and the words of Intl are.
const PURE = [
  ...[
    'bridge/{!(determinism),lying/*}',
    'drivers/**/*',
    'fhir/{codes,resources}',
    'model/!(format)',
  ],
  ...[
    'conformance/*',
    'protocol/*',
    'refill/!(dates|desk-log)',
    'simulator/{air,cable,implant,scenarios,wand}/*',
  ],
  ...['status/*', 'web/*', 'words/*'],
  // The whole house in virtual time, on a disk in memory.
  'host/restart',
].map((tests) => `tests/${tests}.test.ts`)
const ROOMS = [
  ...['cli', 'feed', 'fhir', 'hl7', 'host', 'knowledge', 'recorder', 'support', 'witness'].map(
    (room) => `${room}/*`,
  ),
  // On a disk in memory.
  'audit/{decisions,faults,oracle,retention,second-verifier,tamper,vouched}',
  // Its writer is killed by the system, and writes as `audit/log` does.
  'audit/kill',
  'capture/!(format)',
  'refill/desk-log',
].map((tests) => `tests/${tests}.test.ts`)
const ONCE = [
  // A sender that is killed, against a receiver in Python.
  'hl7/torture',
  // A broker of its own for each test.
  'fleet/*',
  // A program in C, which knows nothing of Node.
  'firmware/*',
  // What lies in a package, and where.
  'deploy/tree',
  // Whole houses, for what they say.
  ...['patients/*', 'host/other-driver', 'hl7/{same,trial}', 'fhir/surface'],
  ...[
    ...['delivery', 'patients', 'page', 'page-look', 'refill', 'refill-answers', 'refill-terminal'],
    ...['examples', 'unclosed', 'log-origin', 'firmware', 'conform', 'monitoring', 'tiles'],
    ...['replay', 'clients', 'package'],
    // What is known again after an end, and what of it is right: knowledge and the log, whatever runs them.
    ...['restart', 'audit', 'audit-verify', 'interop'],
    // What commands say, how they end by the table of ends, what they make of what they find: cli and output
    // have the signals, the streams and the serial port.
    ...['commands', 'doctor', 'ends', 'reload', 'surroundings'],
    // http has the streams of a bridge, and a browser that is let in.
    ...['http-programs', 'page-visit'],
    // What is written and shown, and who may see it, is the same on every Node.
    ...['refill-access', 'refill-operators', 'audit-report', 'audit-read', 'support-bundle'],
    // It runs on the Node of the system that it boots.
    ...['deb-package', 'image'],
  ].map((name) => `system/${name}`),
].map((tests) => `tests/${tests}.test.ts`)

/** Whole programs wait for each other and for their limits most of the time: more of them share two processors. */
const WAITING = 5

const limits = (seconds: number) => ({
  testTimeout: timeout(seconds),
  hookTimeout: timeout(seconds),
})

export default defineConfig({
  test: {
    pool: 'forks',
    // What one project has translated, the others and the newest Node need not translate again.
    experimental: { fsModuleCache: true },
    isolate: false,
    maxWorkers: 3,
    passWithNoTests: false,
    exclude: ['node_modules/**', 'dist/**', 'tests/oracles/**', 'tests/system/vm/**'],
    teardownTimeout: 10_000,
    coverage: {
      provider: 'v8',
      include: ['protocol/**/*.ts', 'simulator/**/*.ts', 'src/**/*.ts', 'tools/*.ts'],
      reporter: ['text-summary', 'html', 'json-summary'],
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'pure',
          include: PURE,
          ...limits(20),
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'workshop',
          include: ['tests/{workshop,docs}/**/*.test.ts'],
          ...limits(20),
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'node',
          include: ['tests/**/*.test.ts'],
          exclude: [
            'tests/oracles/**',
            'tests/system/**',
            'tests/workshop/**',
            'tests/docs/**',
            ...PURE,
            ...ROOMS,
            ...ONCE,
          ],
          ...limits(20),
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'rooms',
          include: ROOMS,
          exclude: [...PURE, ...ONCE],
          ...limits(20),
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'system',
          include: ['tests/system/**/*.test.ts'],
          exclude: ['tests/system/vm/**', ...ONCE],
          ...limits(60),
          maxWorkers: WAITING,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'once',
          include: ONCE,
          ...limits(60),
          maxWorkers: WAITING,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})

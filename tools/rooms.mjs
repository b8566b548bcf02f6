// The house: its rooms, and who may import whom. One table, from which the rules of the import check, the
// picture in CONTRIBUTING.md and the check for permissions without a user are made.
//
// A row: the room's folder (or file) → what it is, and the rooms it may import besides itself. What is in
// `lazily` may be imported dynamically, or as types, only: whoever does not use it never loads it.
const room = (path, what, may, lazily = []) => ({ path, what, may, lazily })

const AUDIT = ['format', 'read', 'verify']
const REFILL = ['sheet', 'desk', 'paper', 'page']

export const ROOMS = {
  protocol: room('protocol/', 'the open wand protocol: no I/O, no clock, runs in a browser', []),
  simulator: room('simulator/', 'implant, wand, air and cable as a device', ['protocol', 'base']),
  // Apart from all of src/, so that what judges a wand shares no mistake with what reads one.
  conformance: room('conformance/', 'the kit that holds any wand to the specification', [
    'protocol',
  ]),
  base: room('src/base/', 'clock, timers, chance, disk, YAML, version', []),
  model: room('src/model/', 'what is known, in public units; browser-safe', ['protocol']),
  // The shape of a port and its error: no I/O, so that a driver may know it.
  port: room('src/transport/port.ts', 'the shape of a port', ['protocol']),
  transport: room('src/transport/', 'ways to a wand: bytes only; what is plugged in', [
    ...['base', 'port', 'protocol'],
  ]),
  driver: room('src/drivers/driver.ts', 'what a driver is to the bridge', [
    ...['base', 'model', 'port'],
  ]),
  decoders: room('src/drivers/decoders.ts', 'every decoder, by the name in records', [
    ...['model', 'drivers'],
  ]),
  drivers: room('src/drivers/', 'how each kind of wand is spoken to', [
    ...['base', 'protocol', 'model', 'port', 'driver'],
  ]),
  bridge: room('src/bridge/', 'drivers, gate, status source; interrogate, watch', [
    ...['base', 'model', 'status', 'driver', 'port'],
  ]),
  status: room('src/status/', 'what is known now and how old it is', ['model']),
  'audit/format': room('src/audit/format/', 'the format of the log, and its proofs', [
    ...['base', 'model'],
  ]),
  'audit/log': room('src/audit/log/', 'the writer of the log', [
    ...['base', 'model', 'audit/format', 'audit/read'],
  ]),
  'audit/read': room('src/audit/read/', 'the log read at a position', [
    ...['base', 'model', 'audit/format'],
  ]),
  'audit/verify': room('src/audit/verify/', 'whether a log is intact', [
    ...['base', 'model', 'audit/format', 'audit/read'],
  ]),
  recorder: room('src/recorder/', 'event to record, upkeep, captures, read access', [
    ...['base', 'model', 'port', 'audit/format', 'audit/log', 'audit/read', 'bridge', 'capture'],
  ]),
  capture: room('src/capture/', 'raw traffic of ports in a file: format, writer, reader', [
    ...['base', 'protocol', 'model', 'port'],
  ]),
  feed: room('src/feed/', 'records as followed', [
    ...['base', 'model', 'audit/format', 'audit/read', 'decoders'],
  ]),
  knowledge: room('src/knowledge/', 'folds kept beside the log and rebuilt from it', [
    ...['base', 'model', 'feed'],
  ]),
  witness: room('src/witness/', 'a witness of logs, and how a bridge has its own witnessed', [
    ...['base', 'model', 'audit/format', 'audit/log', 'audit/read'],
  ]),
  support: room('src/support/', 'what support is sent, with every name replaced', [
    ...['base', 'capture', 'drivers', 'model', 'port'],
  ]),
  access: room('src/access/', 'tokens, page links, who may read what', ['base', 'model']),
  control: room('src/control/', 'the socket of a running bridge', ['base', 'model']),
  words: room('src/words/', 'sentences for people, by locale', ['model']),
  client: room('src/client/', 'the API as typed streams; runs in a browser', ['model']),
  http: room('src/http/', 'the read-only API', [
    ...['base', 'model', 'access', 'feed', 'knowledge', 'words'],
  ]),
  fhir: room('src/fhir/', 'readings as FHIR R4', [
    ...['base', 'model', 'words', 'feed', 'knowledge'],
  ]),
  delivery: room(
    'src/delivery/',
    'one outbox engine over the feed; MLLP, FHIR transactions, webhooks',
    [...['base', 'model', 'feed']],
  ),
  patients: room(
    'src/patients/',
    'whose pump is whose: the clinic’s table, what is told of patients',
    [...['base', 'model']],
  ),
  'fleet/stream': room('src/fleet/stream/', 'streams and subjects of a fleet, and its broker', [
    'base',
  ]),
  'fleet/publish': room('src/fleet/publish/', 'the log on its way to the broker', [
    ...['base', 'model', 'feed', 'fleet/stream'],
  ]),
  'fleet/serve': room('src/fleet/serve/', 'the logs of many sites, as the broker has them', [
    ...['base', 'model', 'feed', 'fleet/stream'],
  ]),
  'fleet/page': room('src/fleet/page/', 'what is known of many sites, for a browser', [
    ...['model', 'words'],
  ]),
  'fleet/watch': room('src/fleet/watch/', 'whether each log of a fleet only grows', [
    ...['base', 'audit/format', 'fleet/serve', 'witness'],
  ]),
  hl7: room('src/hl7/', 'readings as HL7 v2', ['base', 'model', 'words', 'delivery']),
  'refill/sheet': room('src/refill/sheet/', 'the refill worksheet as a value', ['model', 'words']),
  'refill/desk': room('src/refill/desk/', 'where a refill is written down', [
    ...['base', 'model', 'access', 'control', 'feed', 'audit/read', 'refill/sheet', 'words'],
  ]),
  'refill/paper': room('src/refill/paper/', 'the printed sheet and the slip', [
    ...['model', 'words', 'refill/sheet'],
  ]),
  'refill/page': room('src/refill/page/', 'the worksheet in a browser', [
    ...['base', 'model', 'access', 'http', 'refill/sheet', 'refill/desk', 'refill/paper', 'words'],
  ]),
  host: room('src/host/', 'where the rooms meet', [
    ...[
      'access',
      'audit/format',
      'audit/read',
      'base',
      'bridge',
      'control',
      'decoders',
      'delivery',
    ],
    ...['capture', 'driver', 'drivers', 'feed', 'fhir', 'fleet/page', 'fleet/publish'],
    ...['fleet/serve', 'fleet/stream', 'fleet/watch', 'hl7', 'http', 'knowledge', 'model'],
    ...['patients', 'port', 'protocol', 'recorder', 'refill/sheet', 'status', 'witness', 'words'],
  ]),
  cli: room(
    'src/cli/',
    'one file a command',
    [
      ...['base', 'capture', 'control', 'host', 'model', 'port', 'support'],
      ...['transport', 'words'],
    ],
    ['access', 'simulator', 'witness', 'cli/audit', 'cli/refill'],
  ),
  // The verbs of `audit`: the only commands that read the log themselves.
  'cli/audit': room('src/cli/audit/', 'one file a verb of `audit`', [
    ...['base', 'cli', 'control', 'decoders', 'feed', 'host', 'model', 'words'],
    ...['refill/paper', 'refill/sheet'],
    ...[...AUDIT, 'log'].map((part) => `audit/${part}`),
  ]),
  'cli/refill': room('src/cli/refill/', 'the worksheet in a terminal', [
    ...['base', 'cli', 'control', 'host', 'model', 'transport', 'words'],
    ...REFILL.map((part) => `refill/${part}`),
  ]),
  web: room('web/', 'the technician’s page', ['model', 'client', 'words']),
  index: room('src/index.ts', 'the library', [
    ...['base', 'bridge', 'driver', 'drivers', 'model', 'port', 'transport'],
  ]),
}

export const pathOf = (name) => `^${ROOMS[name].path}`
/** Rooms inside a room, such as a file with a row of its own. */
export const inside = (name) =>
  Object.keys(ROOMS).filter((n) => n !== name && new RegExp(pathOf(name)).test(ROOMS[n].path))
/** The room a file is in: of those that hold it, the one that says it most closely. Null: in none. */
export const roomOf = (file) =>
  Object.keys(ROOMS)
    .filter((name) => file.startsWith(ROOMS[name].path))
    .sort((a, b) => ROOMS[b].path.length - ROOMS[a].path.length)[0] ?? null

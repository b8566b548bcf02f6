// Whether the log of this bridge reaches its broker, which keys of a replica the broker lets in, and what will keep it
// from it within weeks. Facts in, findings out.
import type { FleetLook, KeysLook, StreamLook } from '../../host/fleet-look.ts'
import { count } from '../../model/format.ts'
import type { Certificate } from './ahead.ts'
import { type Finding, note, ok, wrong } from './finding.ts'

export interface FleetFacts extends FleetLook {
  /** What the running bridge says is wrong with it; null = nothing, or none runs. */
  readonly told: string | null
}

const TOPIC = 'Broker'
const UNTOUCHED = 'Readings here are not affected: records stay in the log.'
/** Records that a bridge sends in a moment. */
const FEW = 100

export function fleetFindings(facts: FleetFacts | null): Finding[] {
  if (facts === null) return []
  const { site, servers, fault, told, stream, storage, keys } = facts
  const where = servers.join(', ')
  if (fault !== null)
    return [
      wrong(
        TOPIC,
        `The broker (${where}) is not reached: ${fault}. ${UNTOUCHED}`,
        'Mend that; the bridge tries again by itself, and sends what it owes.',
      ),
    ]
  const running =
    told === null ? [] : [wrong(TOPIC, told, 'wandbridge delivery status says how far it is.')]
  if (keys !== null) return [...running, ...keyFindings(where, keys)]
  return [
    ok(TOPIC, `The broker (${where}) lets this bridge in, as ${site}.`),
    ...running,
    ...(stream === null ? [] : streamFindings(stream)),
    ...(storage === null ? [] : room(storage)),
  ]
}

/** Of a replica, which has a key for each site. */
function keyFindings(where: string, { dir, sites, overlooked }: KeysLook): Finding[] {
  const faulty = sites.filter(({ fault }) => fault !== null)
  const first = faulty[0]?.fault
  if (first && faulty.length === sites.length && !sites.some(({ refused }) => refused))
    return [wrong(TOPIC, `The broker (${where}) is not reached: ${first}.`, 'Mend that.')]
  const none = `${dir} has no key of a site: a replica with it does not start.`
  return [
    ...(sites.length === 0 ? [wrong(TOPIC, none, 'Put the key of each site there.')] : []),
    ...(sites.length > faulty.length
      ? [
          ok(
            TOPIC,
            `Sites whose keys the broker (${where}) lets in: ${count(sites.length - faulty.length)}.`,
          ),
        ]
      : []),
    ...faulty.map(({ site, fault, refused }) =>
      wrong(
        TOPIC,
        `The key of ${site} ${refused ? 'is not let in' : 'could not be tried'}: ${fault}. A replica shows nothing newer of ${site}.`,
        refused
          ? `Put the right key of ${site} into ${dir}; a replica that runs uses it by itself.`
          : 'Mend that; a replica that runs tries again by itself.',
      ),
    ),
    ...(overlooked === null
      ? []
      : [
          wrong(
            TOPIC,
            overlooked,
            'See which of them were meant as keys: their sites are shown nowhere.',
          ),
        ]),
  ]
}

/** What of it ends by a date. */
export const fleetEnds = (facts: FleetFacts | null): Certificate[] => [
  ...(facts?.certificates ?? []).map(({ server, until }) => ({
    ...{ setting: 'fleet.servers', file: `The certificate of ${server}`, until },
    todo: 'Have a new one put in its place at the broker.',
  })),
  ...(facts?.credentialsUntil == null
    ? []
    : [
        {
          ...{ setting: 'fleet.credentials', file: 'What lets this bridge in at the broker' },
          ...{ until: facts.credentialsUntil },
          todo: 'Have new credentials made, put them in the place of these, and start the bridge again.',
        },
      ]),
]

function streamFindings({ name, is, owed, copies }: StreamLook): Finding[] {
  if (is === 'missing')
    return [note(TOPIC, `It has no stream ${name} yet.`, 'The bridge makes it: start it.')]
  if (is === 'foreign')
    return [
      wrong(
        TOPIC,
        `It has a stream ${name} that no bridge made. Nothing is sent. ${UNTOUCHED}`,
        'Rename or remove that stream at the broker.',
      ),
    ]
  return [...behind(name, owed), ...copied(name, copies)]
}

function behind(name: string, owed: number): Finding[] {
  if (owed < 0)
    return [
      wrong(
        TOPIC,
        `Stream ${name} has ${count(-owed)} records more than the log here: an older copy of the log was put back. Nothing is sent.`,
        'Put the right log back, or have a new one begun: see docs/fleet.md.',
      ),
    ]
  if (owed <= FEW) return [ok(TOPIC, `Stream ${name} has the log, but for ${count(owed)} records.`)]
  return [
    note(
      TOPIC,
      `Stream ${name} lacks ${count(owed)} records of the log. ${UNTOUCHED}`,
      'Let the bridge run: it sends them. wandbridge delivery status says how far it is.',
    ),
  ]
}

function copied(name: string, { wanted, has, current }: StreamLook['copies']): Finding[] {
  const fewer = has < wanted
  if (!fewer && current >= has) return []
  const says = fewer
    ? `Stream ${name} is kept on ${has} of the ${wanted} nodes that the configuration wants.`
    : `Of the ${has} copies of stream ${name}, ${current} are up to date.`
  const todo = fewer
    ? `nats stream edit ${name} --replicas ${wanted}`
    : 'See whether all nodes of the broker run.'
  return [note(TOPIC, `${says} When another node fails, records may not be taken.`, todo)]
}

function room({ used, most }: { readonly used: number; readonly most: number }): Finding[] {
  const percent = Math.floor((used / most) * 100)
  if (percent < 80) return []
  const says = `The broker's room for this account is filled to ${percent} %. When it is full, no record is taken.`
  const todo = 'Give the account more room, or set fleet.keepDays or fleet.keepMiB.'
  return [percent < 95 ? note(TOPIC, says, todo) : wrong(TOPIC, says, todo)]
}

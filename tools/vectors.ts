// Writes the golden vectors, protocol/vectors/*.json, as §13 of protocol/README.md describes them.
// Files that end in `.by-hand.json` were computed apart from this code and are left alone.
//
//   node dist/tools/vectors.js            writes them
//   node dist/tools/vectors.js --check    exits 1 and names every file that is out of date
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Code, encodePdu, FLAG_REPLY, FLAG_SIMULATOR } from '../protocol/codec/pdu.ts'
import { BLOCKS, type BlockName } from '../protocol/fields/blocks.ts'
import type { Struct } from '../protocol/fields/field.ts'
import { encodeLine } from '../protocol/framing/serial-line.ts'
import { MESSAGES, type MessageName } from '../protocol/messages/index.ts'
import { run } from './run.ts'
import { answers } from './vectors/answers.ts'
import { type Case, cases, hex, type Value, type Vector } from './vectors/cases.ts'
import { conversations } from './vectors/conversation.ts'
import * as framing from './vectors/framing.ts'
import { blockGrowth, judging, messageGrowth } from './vectors/growth.ts'
import * as streams from './vectors/streams.ts'
import { BLOCK_VALUES, LINK, REPLIES, REQUESTS, SESSION } from './vectors/values.ts'

export const FOLDER = 'protocol/vectors'

/** The payload of `name` as a whole PDU and line. */
function carried(
  name: MessageName,
  side: 'request' | 'reply',
  { name: what, bytes, ...says }: Case,
): Vector {
  const { type, session } = MESSAGES[name]
  const reply = side === 'reply'
  const pdu = {
    major: 1,
    type,
    flags: reply ? FLAG_REPLY | FLAG_SIMULATOR : 0,
    code: Code.OK,
    seq: 40 + type,
    link: LINK,
    session: session || (reply && name === 'OPEN') ? SESSION : 0,
    payload: bytes,
  }
  const raw = encodePdu(pdu)
  return {
    name: `${side}: ${what}`,
    line: encodeLine(raw),
    pdu: hex(raw),
    header: framing.header(pdu),
    struct: `${name} ${side}`,
    ...says,
  }
}

function message(name: MessageName): Vector[] {
  const { request, reply } = MESSAGES[name]
  return [
    ...cases(request as Struct, REQUESTS[name] as Value).map((c) => carried(name, 'request', c)),
    ...cases(reply as Struct, REPLIES[name] as Value).map((c) => carried(name, 'reply', c)),
  ]
}

const standing = (struct: string, { bytes, name, ...says }: Case): Vector => ({
  name,
  struct,
  bytes: hex(bytes),
  ...says,
})

function block(name: BlockName): Vector[] {
  const { struct } = BLOCKS[name]
  return cases(struct as Struct, BLOCK_VALUES[name] as unknown as Value).map((c) =>
    standing(name, c),
  )
}

/** File → its vectors. */
export function vectors(): Readonly<Record<string, readonly Vector[]>> {
  const messages = Object.keys(MESSAGES) as MessageName[]
  const blocks = Object.keys(BLOCKS) as BlockName[]
  return {
    '3.7-judging': judging().map(({ struct, ...c }) => standing(struct, c)),
    '4.1-layout': framing.layout(),
    '4.3-codes': framing.codes(),
    '4.4-faults': framing.pduFaults(),
    '5.1-lines': framing.lines(),
    '5.2-streams': streams.lineConnections(),
    '6.1-reports': streams.reports(),
    '6.2-streams': streams.reportConnections(),
    '6.3-descriptor': streams.descriptor(),
    ...Object.fromEntries(messages.map((m, i) => [`7.${i + 1}-${m.toLowerCase()}`, message(m)])),
    ...Object.fromEntries(blocks.map((b) => [`8.${BLOCKS[b].number}-${b}`, block(b)])),
    '9.2-answers': answers(),
    '9.6-snapshots': conversations(),
    '11-growth': [
      ...messageGrowth().map(({ of, ...c }) => carried(of, 'reply', c)),
      ...blockGrowth().map(({ struct, ...c }) => standing(struct, c)),
    ],
  }
}

/** One vector a line: a change shows as the vectors that it changes. */
function text(name: string, list: readonly Vector[]): string {
  const section = name.split('-')[0]
  const rows = list.map((vector) => `    ${JSON.stringify(vector)}`)
  return `{\n  "section": "${section}",\n  "vectors": [\n${rows.join(',\n')}\n  ]\n}\n`
}

function write(root: string, check: boolean): string[] {
  const folder = join(root, FOLDER)
  mkdirSync(folder, { recursive: true })
  const wanted = new Map(
    Object.entries(vectors()).map(([name, list]) => [`${name}.json`, text(name, list)]),
  )
  const there = readdirSync(folder).filter(
    (f) => f.endsWith('.json') && !f.endsWith('.by-hand.json'),
  )
  const stale: string[] = []
  for (const file of new Set([...there, ...wanted.keys()])) {
    const path = join(folder, file)
    const now = wanted.get(file)
    if (there.includes(file) && readFileSync(path, 'utf8') === now) continue
    stale.push(`${FOLDER}/${file}`)
    if (check) continue
    if (now === undefined) rmSync(path)
    else writeFileSync(path, now)
  }
  return stale
}

export { write as writeVectors }

await run(import.meta.url, write)

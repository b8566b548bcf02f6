// Writes the OpenAPI document of the HTTP surface, src/http/openapi.json. A change that would break a
// client of v1 is refused, by naming it: it belongs into a v2 beside it.
//
//   node dist/tools/openapi.js            writes it
//   node dist/tools/openapi.js --check    exits 1 when it is out of date

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { NEVER } from 'rxjs'
import { Access } from '../src/access/access.ts'
import { TokenStore } from '../src/access/store.ts'
import { VirtualEnv } from '../src/base/env.ts'
import { VERSION } from '../src/base/version.ts'
import { NO_RECORDER } from '../src/bridge/gate.ts'
import { makeApp } from '../src/http/app.ts'
import { LIMITS } from '../src/http/sources.ts'
import { noOwners } from '../src/model/owner.ts'
import { auditTold } from '../src/words/told.ts'
import { WORDS } from '../src/words/words.ts'
import { breaking, type Json } from './compatibility.ts'
import { run } from './run.ts'

const FILE = 'src/http/openapi.json'
const NOTHING = {
  asOf: '2026-01-01T00:00:00.000Z',
  wands: [],
  pumps: [],
  audit: auditTold(WORDS['en-US'], NO_RECORDER.status()),
}

/** The document, from the routes themselves: nothing behind them is asked. */
export async function document(): Promise<Json> {
  const env = new VirtualEnv()
  const tokens = new TokenStore(env, '.', 'device')
  const app = await makeApp(
    {
      env,
      version: VERSION,
      words: WORDS['en-US'],
      status: { status: () => NOTHING, urgent$: NEVER },
      feed: {
        head: () => null,
        oldest: async () => 0,
        async *read() {},
        // As the real one it ends with the signal, and not before.
        async *follow(_, { signal }) {
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
        },
      },
      knowledge: {
        pump: () => null,
        visits: () => ({ items: [], next: null, since: 0 }),
        owners: noOwners,
        refills: () => ({ items: [], next: null }),
      },
      access: new Access({ env, tokens, required: true }),
      reads: { read: async () => true, refused: () => {} },
      counters: () => [],
      log: () => {},
    },
    { hosts: () => [], tls: false, cookie: () => '', limits: LIMITS },
  )
  const made = JSON.parse(JSON.stringify(app.fastify.swagger())) as Json
  await app.close()
  return made
}

async function generate(root: string, check: boolean): Promise<string[]> {
  const path = join(root, FILE)
  const made = await document()
  const text = `${JSON.stringify(made, null, 2)}\n`
  const old = existsSync(path) ? readFileSync(path, 'utf8') : '{}\n'
  if (text === old) return []
  const broken = breaking(JSON.parse(old) as Json, made)
  if (broken.length > 0) {
    throw new Error(
      `This would break clients of v1:\n${broken.map((one) => `- ${one}`).join('\n')}`,
    )
  }
  if (!check) writeFileSync(path, text)
  return [FILE]
}

await run(import.meta.url, generate)

// A witness as a program: its directory, which it alone has while it runs, its key, and its server.
import { createHash, createPublicKey } from 'node:crypto'
import { join } from 'node:path'
import { type CosigningKey, cosigningKey } from '../audit/format/cosignature.ts'
import { parseVerifierKey } from '../audit/format/note.ts'
import { keyAt } from '../audit/log/keys.ts'
import type { Disk } from '../base/disk.ts'
import type { Env } from '../base/env.ts'
import { serveWitness } from './server.ts'
import { Witness } from './witness.ts'

export interface RunOptions {
  readonly env: Env
  readonly disk: Disk
  readonly dir: string
  /** Name of its key; default: one made of the key. */
  readonly name?: string
  /** Verifier keys of logs, as text. */
  readonly logs: readonly string[]
  readonly host: string
  readonly port: number
  log(text: string): void
}

export interface RunningWitness {
  readonly url: string
  /** Its verifier key. */
  readonly key: string
  /** For whoever has seen checkpoints in another way. */
  readonly witness: Witness
  close(): Promise<void>
}

/** Rejects with RangeError on a key or name that is none, and as the system does. */
export async function runWitness(options: RunOptions): Promise<RunningWitness> {
  const { env, disk, dir, host, port, log } = options
  const logs = options.logs.map((text) => {
    const key = parseVerifierKey(text)
    if (typeof key === 'string') throw new RangeError(`${key}: ${text.slice(0, 100)}`)
    return key
  })
  await disk.makeDir(dir)
  const release = await disk.lock(join(dir, 'lock'))
  try {
    const key = await keyOf(options)
    const witness = new Witness({ env, disk, dir, key, logs })
    const server = await serveWitness(witness, { host, port }, log)
    return {
      url: server.url,
      key: key.witness.text,
      witness,
      async close() {
        await server.close()
        await release()
      },
    }
  } catch (error) {
    await release()
    throw error
  }
}

async function keyOf({ env, disk, dir, name }: RunOptions): Promise<CosigningKey> {
  const secret = await keyAt(env, disk, join(dir, 'witness.key'))
  const spki = createPublicKey(secret).export({ format: 'der', type: 'spki' })
  const mark = createHash('sha256').update(spki).digest('hex').slice(0, 8)
  return cosigningKey(name ?? `wandbridge-witness/${mark}`, secret)
}

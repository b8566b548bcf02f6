// Operators: people who sign a worksheet by name and PIN. One file each (0600, in a directory of 0700); of a PIN
// only its scrypt hash is kept. A PIN is short, so the attempts are limited: after three wrong ones each waits
// twice as long as the one before. An attempt is counted on disk before it is judged, so that neither a kill
// nor another process gives it back. A file that cannot be read as an operator signs nobody in.
import { createHash, scrypt, timingSafeEqual } from 'node:crypto'
import { chmod, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import * as z from 'zod'
import { nodeDisk, replaceFile } from '../base/disk.ts'
import { type Env, utc } from '../base/env.ts'
import { printable } from '../model/printable.ts'
import { utcSchema } from '../model/value.ts'

/** 32 MiB and about a tenth of a second an attempt. */
const COST = { N: 1 << 15, r: 8, p: 1 }
const MAX_MEMORY = 64 << 20
const HASH_BYTES = 32
/** Wrong attempts that cost no waiting, and how long it takes after them. */
const FREE = 3
const FIRST_WAIT_MS = 5_000
const LONGEST_WAIT_MS = 15 * 60_000

const base64 = z.base64()
const operatorSchema = z.strictObject({
  v: z.literal(1),
  name: z.string().min(1).max(80),
  salt: base64,
  hash: base64,
  cost: z.strictObject({
    N: z
      .number()
      .int()
      .min(2)
      .max(1 << 15),
    r: z.number().int().min(1).max(8),
    p: z.number().int().min(1).max(4),
  }),
  createdAt: utcSchema,
  removedAt: utcSchema.nullable(),
  /** Wrong attempts since the last right one, and when the last one was. */
  failures: z.number().int().min(0),
  failedAt: utcSchema.nullable(),
})
export type Operator = z.infer<typeof operatorSchema>

export type SignIn =
  | { readonly ok: true; readonly name: string }
  /** Not this name with this PIN: which of the two is wrong is not said. */
  | { readonly ok: false; readonly waitMs: 0 }
  /** The PIN was not looked at: so long no attempt counts. */
  | { readonly ok: false; readonly waitMs: number }

/** Null = the text can be a name; else why not. */
export function wrongName(name: string): string | null {
  if (name.trim() === '' || name !== name.trim()) return 'A name has no spaces around it.'
  if (name.length > 80) return 'A name has at most 80 characters.'
  const plain = name === name.normalize('NFC') && printable(name) === name
  return plain ? null : 'A name has only characters that can be seen.'
}

export const wrongPin = (pin: string): string | null =>
  /^\d{4,12}$/.test(pin) ? null : 'A PIN has 4 to 12 digits.'

const derive = promisify<string, Buffer, number, object, Buffer>(scrypt)
const hashOf = (pin: string, salt: Buffer, cost: Operator['cost']) =>
  derive(pin, salt, HASH_BYTES, { ...cost, maxmem: MAX_MEMORY })

const waitOf = (failures: number): number =>
  failures < FREE ? 0 : Math.min(FIRST_WAIT_MS * 2 ** (failures - FREE), LONGEST_WAIT_MS)

export class OperatorStore {
  readonly #env: Env
  readonly #dir: string
  /** One change after another, so that two attempts at once are two. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(env: Env, stateDir: string) {
    this.#env = env
    this.#dir = join(stateDir, 'operators')
  }

  /** Everybody who was ever added, by name. */
  async list(): Promise<Operator[]> {
    const names = await readdir(this.#dir).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [] as string[]
      throw error
    })
    const all = await Promise.all(
      names.filter((name) => name.endsWith('.json')).map((name) => this.#read(name)),
    )
    return all
      .filter((one) => one !== null)
      .sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1))
  }

  /** Whether there was no such operator yet, or one that was removed. Throws RangeError on a bad name or PIN. */
  add(name: string, pin: string): Promise<boolean> {
    const wrong = wrongName(name) ?? wrongPin(pin)
    if (wrong !== null) throw new RangeError(wrong)
    return this.#alone(async () => {
      const known = await this.#read(fileOf(name))
      if (known && known.removedAt === null) return false
      const salt = Buffer.from(this.#env.random(16))
      const hash = await hashOf(pin, salt, COST)
      await this.#write({
        ...{ v: 1, name, salt: salt.toString('base64'), hash: hash.toString('base64') },
        ...{ cost: COST, createdAt: utc(this.#env.wall()), removedAt: null },
        ...{ failures: 0, failedAt: null },
      })
      return true
    })
  }

  /** Whether there was such an operator. It signs nothing any more, and stays in the list. */
  remove(name: string): Promise<boolean> {
    return this.#alone(async () => {
      const known = await this.#read(fileOf(name))
      if (!known || known.removedAt !== null) return false
      await this.#write({ ...known, removedAt: utc(this.#env.wall()) })
      return true
    })
  }

  signIn(name: string, pin: string): Promise<SignIn> {
    return this.#alone(async () => {
      const known = await this.#read(fileOf(name))
      const now = this.#env.wall()
      if (!known || known.removedAt !== null) {
        // As slow as for somebody who is known.
        await hashOf(pin, Buffer.alloc(16), COST)
        return { ok: false, waitMs: 0 }
      }
      const { failures, failedAt } = known
      const wait = waitOf(failures)
      // A clock that was set back has not counted the time down.
      const passed = failedAt === null ? wait : Math.max(0, now - Date.parse(failedAt))
      if (passed < wait) {
        if (failedAt !== null && now < Date.parse(failedAt)) {
          await this.#write({ ...known, failedAt: utc(now) })
        }
        return { ok: false, waitMs: wait - passed }
      }
      await this.#write({ ...known, failures: failures + 1, failedAt: utc(now) })
      const hash = await hashOf(pin, Buffer.from(known.salt, 'base64'), known.cost)
      const right = Buffer.from(known.hash, 'base64')
      if (right.length !== hash.length || !timingSafeEqual(right, hash)) {
        return { ok: false, waitMs: 0 }
      }
      await this.#write({ ...known, failures: 0, failedAt: null })
      return { ok: true, name: known.name }
    })
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => {})
    return done
  }

  async #read(file: string): Promise<Operator | null> {
    try {
      const read = operatorSchema.parse(JSON.parse(await readFile(join(this.#dir, file), 'utf8')))
      return fileOf(read.name) === file ? read : null
    } catch {
      return null
    }
  }

  async #write(operator: Operator): Promise<void> {
    await nodeDisk.makeDir(this.#dir)
    await chmod(this.#dir, 0o700)
    const text = `${JSON.stringify(operator, null, 2)}\n`
    await replaceFile(nodeDisk, join(this.#dir, fileOf(operator.name)), Buffer.from(text))
  }
}

/** A name is never part of a path. Large and small letters are one name. */
const fileOf = (name: string) =>
  `${createHash('sha256').update(name.toLowerCase()).digest('hex').slice(0, 16)}.json`

// Whose pump is whose, as a running bridge has it: begun from what the log says, changed by the clinic's table
// and by what is told of patients, one change at a time, each a record of the log. Nothing counts as told before
// it is durable. What is said of it to operators names no patient.
import { type Env, sleep } from '../base/env.ts'
import type { FileStore } from '../base/file-store.ts'
import type { Say } from '../base/journal.ts'
import {
  type Assignment,
  foldAssignment,
  foldTold,
  type Owner,
  type Owners,
  ownerOf,
  type PatientTold,
} from '../model/owner.ts'
import { keptText, parseKept } from './kept.ts'
import {
  changesOf,
  type Effect,
  effectOf,
  forgottenOf,
  keptOf,
  refusalsOf,
  type Said,
} from './registry.ts'
import type { Conflict, Table } from './table.ts'

/** What is written down, durably; false = it could not be. */
export interface Ledger {
  assignment(
    pump: { readonly serial: string; readonly model: string | null },
    body: Assignment,
  ): Promise<boolean>
  told(body: PatientTold): Promise<boolean>
}

export interface DeskOptions {
  readonly env: Env
  readonly ledger: Ledger
  /** What was told, beside the log. */
  readonly kept: FileStore
  /** For operators: without patients. */
  readonly log: Say
}

export interface DeskStatus {
  /** Pumps that are somebody's. */
  readonly assigned: number
  /** Why the table cannot be read, or is none; null = it is well. What was known of it stays. */
  readonly problem: string | null
  /** Pumps that two patients claim: serials. */
  readonly refused: readonly string[]
}

const AGAIN_MS = 1_000
const UNREAD =
  'What was told of patients before cannot be read beside the log: the log alone counts.'

export class Desk {
  readonly #options: DeskOptions
  #owners: Owners
  #problem: string | null = null
  #refused: readonly Conflict[] = []
  /** As it stands beside the log; null = it was not looked at. */
  #kept: string | null = null
  #queue: Promise<unknown> = Promise.resolve()
  #ended = false

  /** `owners`: as the log says; it is the desk's from now on. */
  constructor(options: DeskOptions, owners: Owners) {
    this.#options = options
    this.#owners = owners
  }

  ownerOf(serial: string, model: string | null): Owner | null {
    return ownerOf(this.#owners, serial, model)
  }

  get status(): DeskStatus {
    const refused = [...new Set(this.#refused.map(({ serial }) => serial))]
    return { assigned: Object.keys(this.#owners.links).length, problem: this.#problem, refused }
  }

  async stop(): Promise<void> {
    this.#ended = true
    await this.#queue.catch(() => {})
  }

  /** Why the table is not read; said when that changes. */
  wrong(problem: string | null): void {
    if (problem === this.#problem) return
    this.#problem = problem
    const { log } = this.#options
    if (problem === null) log('The table of patients was read.', 'info')
    else {
      log(
        `The table of patients is not taken: ${problem}. Pumps stay whose they were. Mend the file; it is read again when it changes.`,
      )
    }
  }

  /** A table that is whole. Resolves when all of it is written down. */
  taken(table: Table): Promise<void> {
    return this.#next(async () => {
      for (const { serial, model, body } of changesOf(this.#owners, table)) {
        foldAssignment(this.#owners, { serial, model }, body)
        await this.#surely(() => this.#options.ledger.assignment({ serial, model }, body))
      }
      await this.#remembered()
      const before = JSON.stringify(this.#refused)
      this.#refused = table.refused
      if (JSON.stringify(table.refused) === before) return
      for (const { serial, model, body } of refusalsOf(this.#owners, table.refused)) {
        this.#options.log(
          `Pump ${serial}: the table gives it to two patients. It stays whose it was, or nobody's. Mend the table.`,
        )
        await this.#surely(() => this.#options.ledger.assignment({ serial, model }, body))
      }
    })
  }

  /** What a message says, of one person or of several; `unrecorded`: nothing of it counts. */
  said(all: readonly Said[]): Promise<Effect['kind'] | 'unrecorded'> {
    return this.#next(async () => {
      const { links, told, known } = this.#owners
      const before = { links, told, known }
      this.#owners = { links, told: { ...told }, known: { ...known } }
      const records: PatientTold[] = []
      for (const one of all) {
        const effect = effectOf(this.#owners, one)
        if (effect.kind === 'refused') {
          this.#owners = before
          return 'refused'
        }
        if (effect.kind === 'nothing') continue
        for (const record of effect.records) foldTold(this.#owners, record)
        records.push(...effect.records)
      }
      const written = records.map((record) => this.#options.ledger.told(record))
      if (!(await Promise.all(written)).every(Boolean)) {
        this.#owners = before
        return 'unrecorded'
      }
      if (records.length === 0) return 'nothing'
      await this.#keep()
      return 'told'
    })
  }

  /** What the log does not say any more of those who have a pump is told it again. */
  async #remembered(): Promise<void> {
    const { kept, ledger, log } = this.#options
    if (this.#kept !== null) return this.#keep()
    const text = await kept.load().catch(() => undefined)
    // It is looked at again with the next change, and not written over.
    if (text === undefined) return log(UNREAD)
    let told: Owners['told'] = {}
    try {
      told = parseKept(text)
    } catch {
      log(UNREAD)
    }
    for (const record of forgottenOf(this.#owners, told)) {
      foldTold(this.#owners, record)
      await this.#surely(() => ledger.told(record))
    }
    this.#kept = ''
    await this.#keep()
  }

  /** A copy that cannot be written is tried again with the next change. */
  async #keep(): Promise<void> {
    const text = keptText(keptOf(this.#owners))
    if (this.#kept === null || text === this.#kept) return
    this.#kept = ''
    await this.#options.kept.save(text).then(
      () => {
        this.#kept = text
      },
      () => this.#options.log('What was told of patients cannot be kept beside the log.'),
    )
  }

  /** One after the other. */
  #next<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work, work)
    this.#queue = done.catch(() => {})
    return done
  }

  async #surely(write: () => Promise<boolean>): Promise<void> {
    while (!this.#ended && !(await write())) await sleep(this.#options.env, AGAIN_MS)
  }
}

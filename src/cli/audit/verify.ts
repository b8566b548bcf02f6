// `wandbridge audit verify`: every log of a state directory and every log that one of them names, one
// log, or a file that somebody kept. What it found is said in sentences or as one JSON document.
import { asideOf } from '../../audit/format/unaccepted.ts'
import { type Account, accountOf } from '../../audit/verify/account.ts'
import { Outside } from '../../audit/verify/outside.ts'
import type {
  Facts,
  Progress,
  Verification,
  VerifyOptions,
} from '../../audit/verify/verification.ts'
import { verify } from '../../audit/verify/verify.ts'
import { nodeDisk } from '../../base/disk.ts'
import { bridgeRuns } from '../../control/client.ts'
import { decoderOf } from '../../drivers/decoders.ts'
import { printable } from '../../model/printable.ts'
import { sourceOf } from '../../model/source.ts'
import { sentence as saying, WORDS } from '../../words/words.ts'
import { CommandError, Exit, type ExitCode } from '../exit.ts'
import { kindOf, readKept } from './kept.ts'
import { type LogPlace, logsAt, logsOf, type Places, type StateFlags } from './logs.ts'
import { verifyFile } from './verify-file.ts'

export interface VerifyFlags extends StateFlags {
  readonly key?: string
  /** A checkpoint given as a file, or as its text. */
  readonly since?: string
  /** Verifier keys of witnesses. */
  readonly witness?: readonly string[]
  readonly rederive?: boolean
  /** Say who is in it and over what time. */
  readonly who?: boolean
  readonly json?: boolean
}

const MOST_CHECKPOINT = 65_536

export async function verifyPath(path: string | undefined, flags: VerifyFlags): Promise<void> {
  if (path !== undefined && kindOf(path) === 'file') return verifyFile(path, flags)
  const found = path === undefined ? await logsOf(flags) : await logsAt(path)
  if (found === null) {
    throw new CommandError(
      Exit.USAGE,
      `${printable(path ?? '')} holds no audit log. Nothing was checked.`,
    )
  }
  const { accounts, spoken } = await check(found, flags)
  tell(accounts, spoken, flags)
}

export interface Checked {
  readonly accounts: readonly Account[]
  /** Logs that what was kept elsewhere speaks of. */
  readonly spoken: readonly string[]
}

/** Verifies logs, each with what was kept of it, and accounts for every log that one of them names. */
export async function check(
  { places, alone }: Places,
  flags: VerifyFlags,
  more: (place: LogPlace) => Partial<VerifyOptions> = () => ({}),
): Promise<Checked> {
  const kept = { ...flags, ...(flags.since !== undefined && { since: textOf(flags.since) }) }
  const { key, since, witness: witnesses = [] } = kept
  checked(() => new Outside('', { ...(key && { key }), ...(since && { since }), witnesses }))
  const spoken = [kept.key, kept.since].map((text) => spokenOf(text ?? ''))
  const [only] = places
  const results: Verification[] = []
  const current = new Map(places.map(({ log }) => [sourceOf(log), log]))
  for (const place of places) {
    // A key or a checkpoint speaks of one log; the others are checked without.
    const its = (text: string | undefined) =>
      alone || (spokenOf(text ?? '') ?? place.log) === place.log ? text : undefined
    const own = { ...kept, key: its(kept.key), since: its(kept.since) }
    // A log that was ended may be older than the witnesses; the one that is written now is not excused.
    const older = !alone && current.get(sourceOf(place.log)) !== place.log
    results.push(await verifyLog(place, own, { older, ...more(place) }))
  }
  const named = spoken.filter((log) => log !== null)
  // One log alone cannot account for the others.
  const accounts =
    alone && only
      ? accountOf(results).filter(({ log }) => log === only.log)
      : accountOf(results, named)
  return { accounts, spoken: named }
}

/** A key or a checkpoint that is none is a mistake of whoever typed it. */
function checked(read: () => void): void {
  try {
    read()
  } catch (error) {
    if (error instanceof RangeError) throw new CommandError(Exit.USAGE, printable(error.message))
    throw error
  }
}

/** The log that a key or a checkpoint speaks of. */
const spokenOf = (text: string) => /^\s*wandbridge\/([a-z0-9-]+)/.exec(text)?.[1] ?? null

function textOf(since: string): string {
  return since.includes('\n') ? since : readKept(since, MOST_CHECKPOINT)
}

interface Kept extends Omit<VerifyFlags, 'key' | 'since'> {
  readonly key: string | undefined
  readonly since: string | undefined
}

async function verifyLog(
  { dir, stateDir, log }: LogPlace,
  flags: Kept,
  more: Partial<VerifyOptions>,
): Promise<Verification> {
  const progress = process.stderr.isTTY ? showProgress(log) : undefined
  try {
    return await verify(nodeDisk, dir, {
      live: await bridgeRuns(stateDir),
      ...(flags.key !== undefined && { key: flags.key }),
      ...(flags.since !== undefined && { since: flags.since }),
      ...(flags.witness && { witnesses: flags.witness }),
      ...(flags.rederive && { rederive: decoderOf }),
      ...((flags.json || flags.who) && { facts: true }),
      ...(progress && { progress }),
      ...more,
    })
  } finally {
    if (progress) process.stderr.write('\r\x1b[K')
  }
}

/** Says how every log does, and ends with the worst of it. */
function tell(accounts: readonly Account[], spoken: readonly string[], flags: VerifyFlags): void {
  if (flags.json) console.log(JSON.stringify(document(accounts), null, 2))
  else for (const account of accounts) say(account, spoken, flags)
  process.exitCode = exitOf(accounts)
}

export function exitOf(accounts: readonly Account[]): ExitCode {
  const bad = accounts.filter(({ ok }) => !ok)
  if (bad.length === 0) return Exit.OK
  const unread = bad.every(({ verification }) => verification?.problem?.unread === true)
  return unread ? Exit.AUDIT : Exit.NOT_SO
}

const BESIDE =
  '  This is by what is kept beside the log: an older copy that was put back as a whole would say the same. To know, ask\n  the witness for what it cosigned last, and hand that in with --since.'

function say(account: Account, spoken: readonly string[], flags: VerifyFlags): void {
  const { rederive, who } = flags
  const { log, verification, setAside, accepted, ok } = account
  const out = ok ? console.log : console.error
  const sentence = verification?.sentence ?? missing(account, spoken)
  out(printable(`${log}: ${sentence}`))
  if (verification?.ok && verification.cosigned && flags.since === undefined) out(BESIDE)
  for (const one of verification?.refused ?? []) {
    out(printable(`  ${saying(WORDS['en-US'], asideOf(one))}`))
  }
  if (accepted) {
    const { at, actor, reason } = accepted
    out(printable(`  It was accepted as it is by ${actor.id} at ${at}: ${reason}`))
  } else if (setAside) {
    const why = setAside.why ? saying(WORDS['en-US'], setAside.why) : 'why is not recorded.'
    out(printable(`  It was set aside, and nobody has accepted that. ${why}`))
  }
  const { strays = [] } = verification ?? {}
  if (strays.length > 0) {
    const names = strays.slice(0, 5).map((name) => JSON.stringify(name.slice(0, 80)))
    const more = strays.length > 5 ? ` and ${strays.length - 5} more` : ''
    console.error(
      printable(
        `  Not part of the log, and not read: ${names.join(', ')}${more}. Move it away, or find out who put it there.`,
      ),
    )
  }
  if (rederive && verification?.ok) {
    out(
      printable(
        `${verification.rederived} readings were decoded again from their PDUs and agree${exceptions(verification)}`,
      ),
    )
  }
  if (who && verification?.facts) for (const line of factLines(verification.facts)) out(line)
  if (verification && !verification.ok && !ok) console.error(meaning(verification))
}

/** Over what time a log goes, what it could not keep, and who is in it. */
function factLines({ from, to, dropped, actors }: Facts): string[] {
  const time = from === null ? 'No entries' : `From ${from} to ${to}`
  const lost = `Records that could not be kept: ${dropped}.`
  const people = actors.map(
    ({ id, role, auth, records }) => `    ${id} (${role}, ${auth}): records ${records}`,
  )
  return [`  ${time}. ${lost}`, ...people].map(printable)
}

export function missing({ log, setAside }: Account, spoken: readonly string[]): string {
  const names = spoken.includes(log)
    ? 'what was kept elsewhere speaks of it'
    : setAside
      ? 'another log says that it was set aside'
      : 'another log says that it was accepted'
  return `Missing: it is not here, and ${names}. It was removed, or this is another directory.`
}

const meaning = ({ problem }: Verification) =>
  problem?.unread
    ? 'The system refused to read it: whether the log is intact is not known. Give this user the right to read it,\nor copy the directory to a disk that works, and verify the copy.'
    : problem?.uncosigned
      ? 'Whether it is the log that the witness knows is not known. Ask the witness for what it cosigned last (GET its\naddress, /, the SHA-256 of the log’s origin in hexadecimal, /checkpoint), and hand that in with --since.'
      : problem?.tail
        ? 'These bytes lie behind the last checkpoint. If the bridge or the computer was stopped there, start the bridge\nagain: it sets them aside and records that. If not, the end of the log was changed.'
        : 'This means that the log was changed, or its disk has lost data. Do not rely on the records from there on.\nKeep the directory as it is, and compare it with a copy and with printed checkpoints.'

function exceptions({ differing }: Verification): string {
  if (differing.length === 0) return '.'
  const at = differing.slice(0, 10).map(({ position }) => position)
  const decoders = [...new Set(differing.map(({ decoder }) => decoder))]
  return `, but for ${differing.length} (records ${at.join(', ')}${differing.length > 10 ? ', …' : ''}) written by a decoder that this release does not have (${decoders.join(', ')}): those were not read again. That is no sign of tampering.`
}

/** What `--json` prints: the same, for programs. */
function document(accounts: readonly Account[]) {
  return {
    ok: accounts.every(({ ok }) => ok),
    logs: accounts.map(({ log, verification: v, setAside, accepted, ok }) => ({
      log,
      ok,
      here: v !== null,
      intact: v?.ok ?? null,
      records: v?.records ?? null,
      from: v?.facts?.from ?? null,
      to: v?.facts?.to ?? null,
      actors: v?.facts?.actors ?? null,
      // By the writer, which had no place for them, and by retention, which keeps their hashes.
      dropped: v?.facts ? { notKept: v.facts.dropped, byRetention: v.hashesOnly } : null,
      vouchedFor: v && { byKey: v.vouched.key, byCheckpoint: v.vouched.checkpoint },
      cosigned: v?.cosigned ?? null,
      witnesses: v?.witnesses ?? null,
      refused: v?.refused ?? null,
      unvouched: v?.vouched.nothing ?? null,
      checkpoint: v?.checkpoint ?? null,
      key: v?.key ?? null,
      rederived: v?.rederived ?? null,
      differing: v?.differing ?? null,
      problem: v?.problem ?? null,
      sentence: v?.sentence ?? null,
      strays: v?.strays ?? null,
      setAside: setAside && { code: setAside.why?.code ?? null, args: setAside.why?.args ?? {} },
      accepted,
    })),
  }
}

function showProgress(log: string): (progress: Progress) => void {
  let shown = 0
  return ({ segment, segments, records, bytes }) => {
    if (bytes - shown < 1 << 20 && segment < segments) return
    shown = bytes
    const done = Math.round((20 * segment) / segments)
    const bar = `${'#'.repeat(done)}${'.'.repeat(20 - done)}`
    process.stderr.write(
      `\r${log} [${bar}] segment ${segment}/${segments}, ${records} records\x1b[K`,
    )
  }
}

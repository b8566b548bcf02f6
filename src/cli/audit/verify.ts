// `wandbridge audit verify`: every log of a state directory, one log, or a file that somebody kept.
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { parseVerifierKey } from '../../audit/format/note.ts'
import { checkProof, parseProof } from '../../audit/format/proof.ts'
import { verifyDeviceFile } from '../../audit/verify/device-file.ts'
import type { Progress, Verification } from '../../audit/verify/verification.ts'
import { verify } from '../../audit/verify/verify.ts'
import { nodeDisk } from '../../base/disk.ts'
import { rederiver } from '../../drivers/open-wand/decoder.ts'
import { CommandError, Exit } from '../exit.ts'
import { bridgeRuns, type LogPlace, logsAt, logsOf, type StateFlags } from './logs.ts'

export interface VerifyFlags extends StateFlags {
  readonly key?: string
  readonly since?: string
  readonly rederive?: boolean
}

export async function verifyPath(path: string | undefined, flags: VerifyFlags): Promise<void> {
  if (path !== undefined && !existsSync(path)) {
    throw new CommandError(Exit.USAGE, `${path} is not there. Nothing was checked.`)
  }
  const logs = path === undefined ? await logsOf(flags) : await logsAt(path)
  if (logs === null) {
    if (statSync(path as string).isDirectory()) {
      throw new CommandError(Exit.USAGE, `${path} holds no audit log. Nothing was checked.`)
    }
    return verifyFile(path as string, flags)
  }
  for (const place of chosen(logs, flags)) await verifyLog(place, flags)
}

/** A key or a checkpoint speaks of one log; the others cannot be checked with it. */
function chosen(logs: readonly LogPlace[], { key, since }: VerifyFlags): readonly LogPlace[] {
  const named = [key, since === undefined ? undefined : kept(since)]
    .map((text) => /^wandbridge\/([a-z0-9-]+)/.exec(text ?? '')?.[1])
    .find((log) => log !== undefined)
  if (named === undefined) return logs
  const match = logs.filter(({ log }) => log === named)
  if (match.length > 0) return match
  const here = logs.map(({ log }) => log).join(', ')
  throw new CommandError(
    Exit.NOT_SO,
    `What was kept elsewhere speaks of audit log ${named}. Here is only: ${here}.\nThe log is missing, or this is another directory.`,
  )
}

/** A checkpoint given as a file, or as its text. */
function kept(since: string): string {
  if (since.includes('\n')) return since
  try {
    return readFileSync(since, 'utf8')
  } catch (error) {
    throw new CommandError(Exit.USAGE, `${since} cannot be read: ${(error as Error).message}`)
  }
}

async function verifyLog({ dir, stateDir, log }: LogPlace, flags: VerifyFlags): Promise<void> {
  const progress = process.stderr.isTTY ? showProgress(log) : undefined
  let result: Verification
  try {
    result = await verify(nodeDisk, dir, {
      live: await bridgeRuns(stateDir),
      ...(flags.key !== undefined && { key: flags.key }),
      ...(flags.since !== undefined && { since: kept(flags.since) }),
      ...(flags.rederive && { rederive: rederiver }),
      ...(progress && { progress }),
    })
  } catch (error) {
    if (error instanceof RangeError) throw new CommandError(Exit.USAGE, error.message)
    throw error
  } finally {
    if (progress) process.stderr.write('\r\x1b[K')
  }
  const say = result.ok ? console.log : console.error
  say(`${log}: ${result.sentence}`)
  if (flags.rederive && result.ok) {
    console.log(
      `${result.rederived} readings were decoded again from their PDUs and agree${exceptions(result)}`,
    )
  }
  if (!result.ok) {
    console.error(
      result.problem?.tail
        ? 'These bytes lie behind the last checkpoint. If the bridge or the computer was stopped there, start the bridge\nagain: it sets them aside and records that. If not, the end of the log was changed.'
        : 'This means that the log was changed, or its disk has lost data. Do not rely on the records from there on.\nKeep the directory as it is, and compare it with a copy and with printed checkpoints.',
    )
    process.exitCode = Exit.NOT_SO
  }
}

function exceptions({ differing }: Verification): string {
  if (differing.length === 0) return '.'
  const at = differing.slice(0, 10).map(({ position }) => position)
  const decoders = [...new Set(differing.map(({ decoder }) => decoder))]
  return `, but for ${differing.length} (records ${at.join(', ')}${differing.length > 10 ? ', …' : ''}) written by another decoder (${decoders.join(', ')}), which this one, ${rederiver.version}, reads differently. That is no sign of tampering.`
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

async function verifyFile(path: string, flags: VerifyFlags): Promise<void> {
  const start = await head(path)
  if (start.startsWith('c2sp.org/tlog-proof@v1')) return verifyProof(path, flags)
  if (flags.since !== undefined || flags.rederive) {
    throw new CommandError(Exit.USAGE, '--since and --rederive are for whole logs, not for a file.')
  }
  const result = await verifyDeviceFile(
    createReadStream(path),
    flags.key === undefined ? {} : { key: flags.key },
  )
  if (!result.ok) process.exitCode = Exit.NOT_SO
  const say = result.ok ? console.log : console.error
  say(`${basename(path)}: ${result.sentence}`)
}

async function head(path: string): Promise<string> {
  for await (const chunk of createReadStream(path, { end: 63 })) return String(chunk)
  return ''
}

function verifyProof(path: string, { key }: VerifyFlags): void {
  if (key === undefined) {
    throw new CommandError(
      Exit.USAGE,
      'A proof is checked with the verifier key of its log: give --key.',
    )
  }
  const verifier = parseVerifierKey(key.trim())
  if (typeof verifier === 'string') throw new CommandError(Exit.USAGE, `--key: ${verifier}`)
  const proof = parseProof(readFileSync(path, 'utf8'))
  const reason = typeof proof === 'string' ? proof : checkProof(proof, verifier)
  if (reason === null && typeof proof !== 'string') {
    console.log(
      `${basename(path)}: record ${proof.index} is in ${proof.checkpoint.origin}, as the key kept elsewhere vouches.`,
    )
    return
  }
  console.error(`${basename(path)}: not proven: ${reason}.`)
  process.exitCode = Exit.NOT_SO
}

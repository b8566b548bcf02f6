// Which form a state directory has: a number in `<state>/state.json` that grows when an older release could no longer
// read what a newer one writes. Every release opens the directories of those before it; a directory of a later one is
// refused before anything in it is touched.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { errorCode, nodeDisk, replaceFile } from '../base/disk.ts'
import { VERSION } from '../base/version.ts'

/** Of this release. A directory without the file is of form 1. */
export const STATE_FORMAT = 1
const FILE = 'state.json'

const schema = z.object({ format: z.number().int().min(1), release: z.string().max(40) })

/** The directory is of a later release. */
export class LaterState extends Error {}

/** Throws LaterState for a directory that this release cannot read. Null = it says nothing yet. */
export function checkState(stateDir: string): z.output<typeof schema> | null {
  let text: string
  try {
    text = readFileSync(join(stateDir, FILE), 'utf8')
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return null
    throw error
  }
  const said = parsed(text)
  if (said === null) {
    throw new LaterState(
      `${join(stateDir, FILE)} cannot be understood, so nobody knows which release wrote this directory. ${NEXT}`,
    )
  }
  if (said.format > STATE_FORMAT) {
    throw new LaterState(
      `${stateDir} was written by wandbridge ${said.release}, in form ${said.format}; this is wandbridge ${VERSION}, which reads up to form ${STATE_FORMAT}. ${NEXT}`,
    )
  }
  return said
}

const NEXT =
  'Nothing was read and nothing was changed. Use that release again, restore a backup made before it, or give another --state-dir.'

/**
 * Says in a directory that is held that this release writes it now. Rejects as `checkState` throws; what a full disk
 * has no room for is said at the next start.
 */
export async function claimState(stateDir: string): Promise<void> {
  const said = checkState(stateDir)
  if (said?.format === STATE_FORMAT && said.release === VERSION) return
  const text = JSON.stringify({ format: STATE_FORMAT, release: VERSION })
  await replaceFile(nodeDisk, join(stateDir, FILE), Buffer.from(`${text}\n`)).catch(() => {})
}

function parsed(text: string) {
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}

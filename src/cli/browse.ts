// Opens the system's browser. A link that lets somebody in never stands among a program's arguments,
// where every user of the computer could read it: the browser is given a file, for its owner only, that
// leads there.
import { spawn } from 'node:child_process'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Env, sleep } from '../base/env.ts'

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  linux: ['xdg-open'],
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
}

/** How long a browser may take to read the file. */
const READ_MS = 10_000
const NAME = /^open-[0-9a-f]{16}\.html$/

/** Whether the system's own program took a file. */
export function browseFile(path: string): Promise<boolean> {
  const [program, ...args] = OPENERS[process.platform] ?? ['xdg-open']
  return new Promise((done) => {
    const given = [...args, pathToFileURL(path).href]
    const child = spawn(program, given, { stdio: 'ignore', detached: true })
    child.once('error', () => done(false))
    child.once('spawn', () => {
      child.unref()
      done(true)
    })
  })
}

export interface Opened {
  /** Whether the system's own program took it. */
  readonly taken: boolean
  /** Settled when the file is removed again. */
  readonly removed: Promise<void>
}

/** Opens a link that lets somebody in, by a file in the state directory. */
export async function browseLink(env: Env, stateDir: string, link: string): Promise<Opened> {
  // What a command that was killed has left: its link has long been used, or is too old.
  for (const name of await readdir(stateDir)) {
    if (NAME.test(name)) await rm(join(stateDir, name), { force: true })
  }
  const path = join(stateDir, `open-${Buffer.from(env.random(8)).toString('hex')}.html`)
  const html = `<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><meta http-equiv="refresh" content="0;url=${link}"><title>wandbridge</title>`
  await writeFile(path, html, { mode: 0o600, flag: 'wx' })
  const remove = () => rm(path, { force: true })
  const taken = await browseFile(path)
  if (!taken) await remove()
  return { taken, removed: taken ? sleep(env, READ_MS).then(remove) : Promise.resolve() }
}

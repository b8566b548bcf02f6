// Brings a clone to the point where it runs: packages installed, sources built; does only what is
// missing. Plain JavaScript on Node's own modules, because it runs before anything is installed.
//
// What is installed is judged by npm's own record of it, what is built by the content of the
// sources. While a program runs from this folder, what it runs from is left alone.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { uptime } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))
const at = (...parts) => join(root, ...parts)
const STATE = at('.cache', 'setup')
const LOCK = join(STATE, 'lock')
const RUNNING = join(STATE, 'running')
const BUILT = at('dist', '.built.json')
const LIBRARY = at('dist', 'src', 'index.js')
const PROGRAM = at('dist', 'bin', 'wandbridge.js')
const KIT = at('dist', 'bin', 'wand-conform.js')
const PAGE = at('dist', 'web', 'index.html')

/** Something a person can act on; shown without a stack. */
export class SetupError extends Error {}

/** Runs `work`; what it cannot do is told and becomes exit code 1. */
export async function orSay(work) {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    console.error(error.message)
    process.exit(1)
  }
}

/** Installs and builds what is missing. `dev`: also what only the tests and checks need. */
export async function setUp({ dev = false } = {}) {
  checkNode()
  const release = await lock()
  const line = progressLine()
  try {
    const others = running()
    const done = []
    if (!isInstalled(dev)) {
      refuseUnder(others, 'The packages have changed.')
      done.push(await line.during('installing packages', 'installed', () => install(dev)))
    }
    const sources = digestSources()
    if (!isBuilt(sources)) {
      refuseUnder(others, 'The sources have changed.')
      done.push(await line.during('building', 'built', () => build(sources)))
    }
    line.end(done)
  } finally {
    release()
  }
}

/** Says, until this process ends, that it runs from the build. */
export function holdBuild() {
  mkdirSync(RUNNING, { recursive: true })
  const file = join(RUNNING, String(process.pid))
  writeFileSync(file, '')
  process.on('exit', () => rmSync(file, { force: true }))
}

export function checkNode(version = process.versions.node) {
  const { engines } = readJson(at('package.json'))
  const [, ...range] = /^>=(\d+)\.(\d+) <(\d+)\.(\d+)$/.exec(engines.node).map(Number)
  const [low, lowMinor, high, highMinor] = range
  const [major, minor] = version.split('.').map(Number)
  const number = major * 1000 + minor
  if (number >= low * 1000 + lowMinor && number < high * 1000 + highMinor) return
  throw new SetupError(
    `This is Node ${version}. wandbridge runs on Node ${low}.${lowMinor} and newer, up to but not ` +
      `including ${high}.${highMinor}, where serial ports stall. Install Node 24 and start again.`,
  )
}

// --- one at a time

const ALIVE = (pid) => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** A file that names a process counts while that process lives and the machine has not restarted. */
function holder(file, pid) {
  const written = statSync(file, { throwIfNoEntry: false })?.mtimeMs
  if (written === undefined) return null
  const booted = Date.now() - uptime() * 1000
  return pid > 0 && written >= booted - 2000 && ALIVE(pid) ? pid : null
}

function running() {
  if (!existsSync(RUNNING)) return []
  return readdirSync(RUNNING).filter((name) => {
    const lives = holder(join(RUNNING, name), Number(name)) !== null
    if (!lives) rmSync(join(RUNNING, name), { force: true })
    return lives
  })
}

function refuseUnder(others, what) {
  if (others.length === 0) return
  throw new SetupError(
    `${what} wandbridge is running from this folder (process ${others.join(', ')}) and would break ` +
      'if they were renewed under it. Nothing was touched. Stop it (Ctrl-C), then run this again.',
  )
}

/** Waits for another install or build in this folder to end. */
async function lock() {
  mkdirSync(STATE, { recursive: true })
  for (let told = false; ; ) {
    try {
      writeFileSync(LOCK, String(process.pid), { flag: 'wx' })
      const release = () => rmSync(LOCK, { force: true })
      process.on('exit', release)
      return () => {
        process.off('exit', release)
        release()
      }
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    const pid = Number(readFileSync(LOCK, { encoding: 'utf8', flag: 'a+' }))
    // Young and without a number: its owner is just about to write it.
    const young = Date.now() - (statSync(LOCK, { throwIfNoEntry: false })?.mtimeMs ?? 0) < 1000
    if (holder(LOCK, pid) === null && !young) rmSync(LOCK, { force: true })
    else if (!told) {
      told = true
      console.error(`Process ${pid || '?'} is installing or building here; waiting for it.`)
    }
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

// --- packages

/** Whether every package of the lock file that this system needs is there, in its version. */
function isInstalled(dev) {
  const wanted = readJson(at('package-lock.json')).packages
  const there = installed()
  return Object.entries(wanted).every(([path, entry]) => {
    // What is no package of a registry is this clone itself, and its workspaces.
    if (!path.startsWith('node_modules/') || entry.link) return true
    if (entry.optional || (entry.dev && !dev) || entry.devOptional) return true
    return there[path]?.version === entry.version && existsSync(at(path, 'package.json'))
  })
}

/** npm's own record, written when an install has ended well. */
function installed() {
  const record = at('node_modules', '.package-lock.json')
  return existsSync(record) ? readJson(record).packages : {}
}

async function install(dev) {
  // Whoever has the development packages keeps them.
  const whole = dev || Object.values(installed()).some((entry) => entry.dev)
  const args = [
    'ci',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    ...(whole ? [] : ['--omit=dev']),
  ]
  const npm = process.env.npm_execpath ?? ''
  const { code, text } = basename(npm).startsWith('npm-cli')
    ? await run(process.execPath, [npm, ...args])
    : await run('npm', args, { shell: process.platform === 'win32' })
  if (code === 0 && isInstalled(dev)) return
  throw new SetupError(
    `${text}\nThe packages could not be installed: npm ci ended with ${code}. Its own words are above. ` +
      'Without a network or behind a proxy, see `npm config get registry` and `npm config get proxy`; ' +
      'on a full disk, make room (about 80 MB). Then run this again: it starts over by itself.',
  )
}

// --- build

/** Every file the build reads → the SHA-256 of its content. */
function digestSources() {
  const files = [...LIBRARY_FOLDERS, 'web'].flatMap((folder) => sourcesIn(folder)).sort()
  const settings = ['tsconfig.json', 'package-lock.json']
  const all = [...settings, 'tools/bundle.mjs', ...files]
  return Object.fromEntries(all.map((file) => [file, sha256(readFileSync(at(file)))]))
}

const LIBRARY_FOLDERS = ['src', 'protocol', 'simulator', 'conformance', 'tools']

/** The library's sources, and the workshop's own tools. */
export const sourcesToStrip = () =>
  LIBRARY_FOLDERS.flatMap((folder) => sourcesIn(folder)).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.d.ts'),
  )

const SOURCE = /\.(ts|tsx|css|html|svg)$/

function sourcesIn(folder) {
  if (!existsSync(at(folder))) return []
  return readdirSync(at(folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return sourcesIn(path)
    return SOURCE.test(entry.name) ? [path] : []
  })
}

const isMade = () => [LIBRARY, PROGRAM, KIT, PAGE].every((path) => existsSync(path))

function isBuilt(sources) {
  if (!isMade() || !existsSync(BUILT)) return false
  return JSON.stringify(readJson(BUILT)) === JSON.stringify(sources)
}

async function build(sources) {
  const before = existsSync(BUILT) && existsSync(LIBRARY) ? readJson(BUILT) : null
  // What a removed source left behind would still be found by imports.
  const gone = before === null || Object.keys(before).some((file) => !(file in sources))
  rmSync(gone ? at('dist') : BUILT, { recursive: true, force: true })
  await compile()
  // As `npm link` wants it, which sets it only once.
  for (const program of [PROGRAM, KIT]) chmodSync(program, 0o755)
  writeFileSync(BUILT, JSON.stringify(sources))
}

/** In a process of its own: what it needs may only just have been installed. */
async function compile() {
  const { code, text } = await run(process.execPath, [at('tools', 'bundle.mjs')])
  if (code === 0 && isMade()) return
  throw new SetupError(
    `${text}\nThe sources could not be built; the compiler's words are above. If you have not changed ` +
      'them, they are not whole: get them again.',
  )
}

// --- little helpers

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'))
}

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('base64')
}

/** Runs a program to its end and keeps what it says. If we are told to stop, it is too. */
function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options })
    let text = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk) => {
        text += chunk
      })
    }
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
    let stopped = false
    const stop = () => {
      stopped = true
      child.kill('SIGTERM')
    }
    for (const signal of signals) process.on(signal, stop)
    child.on('error', (error) =>
      reject(new SetupError(`${command} did not start: ${error.message}`)),
    )
    child.on('close', (code) => {
      for (const signal of signals) process.off(signal, stop)
      if (stopped) reject(new SetupError('\nStopped before it was ready. Run it again to go on.'))
      else resolve({ code, text: text.trim() })
    })
  })
}

/** One line that is written over while work is done; where there is no terminal, one line a step. */
function progressLine(out = process.stderr) {
  const show = (text) => out.write(out.isTTY ? `\r\x1b[K${text}` : `${text}\n`)
  return {
    async during(doing, done, work) {
      const began = Date.now()
      const seconds = () => `${Math.round((Date.now() - began) / 1000)} s`
      show(`wandbridge: ${doing} …`)
      const tick = out.isTTY && setInterval(() => show(`wandbridge: ${doing} … ${seconds()}`), 500)
      try {
        await work()
      } catch (error) {
        if (out.isTTY) out.write('\n')
        throw error
      } finally {
        clearInterval(tick)
      }
      return `${done} in ${seconds()}`
    },
    end(done) {
      if (done.length === 0) return
      show(`wandbridge: ready (${done.join(', ')})`)
      if (out.isTTY) out.write('\n')
    },
  }
}

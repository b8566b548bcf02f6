// From a clone to the first reading, as somebody has it who types `npm start`: what is committed is cloned, installed
// from npm's cache as far as it is there, built and started, and asked for its pumps until one is current. And what
// the package weighs where it is installed by itself. Times are of the clock: `load` says what else there was to do.
// Prints one JSON object. Usage: npm run bench -- clone
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const MOST_MS = 240_000
const MEGABYTE = 1_000_000

function run(cwd: string, command: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`)
  return stdout
}

/** What lies in a folder: in bytes, and in the blocks that a disk gives them. */
function weight(dir: string): { bytes: number; onDisk: number } {
  return readdirSync(dir, { withFileTypes: true }).reduce(
    (sum, entry) => {
      const path = join(dir, entry.name)
      const { size, blocks } = lstatSync(path)
      const one = entry.isDirectory() ? weight(path) : { bytes: size, onDisk: 0 }
      return {
        bytes: sum.bytes + one.bytes,
        onDisk: sum.onDisk + one.onDisk + blocks * 512,
      }
    },
    { bytes: 0, onDisk: 0 },
  )
}

const inMB = ({ bytes, onDisk }: ReturnType<typeof weight>) => ({
  bytesMB: Number((bytes / MEGABYTE).toFixed(1)),
  onDiskMB: Number((onDisk / MEGABYTE).toFixed(1)),
})

/** Seconds since `npm start` was typed at which each was seen. */
interface Seen {
  build: number
  ready: number
  served: number
  reading: number
}

async function firstReading(clone: string): Promise<Seen> {
  const began = performance.now()
  const seen: Seen = { build: 0, ready: 0, served: 0, reading: 0 }
  const now = () => (performance.now() - began) / 1_000
  const args = ['start', '--', '--port', '0', '--state-dir', join(clone, '.state')]
  const child: ChildProcess = spawn('npm', args, { cwd: clone, stdio: ['ignore', 'pipe', 'pipe'] })
  let [said, told] = ['', '']
  child.stderr?.on('data', (bytes) => {
    told += bytes
    if (told.includes('building …')) seen.build ||= now()
    if (told.includes('ready (')) seen.ready ||= now()
  })
  child.stdout?.on('data', (bytes) => {
    said += bytes
  })
  try {
    while (seen.reading === 0) {
      if (child.exitCode !== null || now() * 1_000 > MOST_MS) throw new Error(`${told}\n${said}`)
      await wait(50)
      const [, token, url] = /Bearer (\S+)' \\\s+(http\S+\/pumps)/.exec(said) ?? []
      if (url === undefined) continue
      seen.served ||= now()
      const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
      if ((await answer.text()).includes('"quality":"current"')) seen.reading = now()
    }
  } finally {
    child.kill('SIGTERM')
    if (child.exitCode === null) await once(child, 'exit')
  }
  return seen
}

const base = mkdtempSync(join(tmpdir(), 'wandbridge-clone-'))
try {
  const clone = join(base, 'clone')
  run(base, 'git', 'clone', '--quiet', '--depth', '1', `file://${ROOT}`, clone)
  const load = loadavg()[0] ?? 0
  const seen = await firstReading(clone)
  const installed = weight(join(clone, 'node_modules'))
  // The types of the package are made by the compiler, which a clone has not.
  run(ROOT, 'npm', 'pack', '--silent', '--ignore-scripts', '--pack-destination', base)
  const packed = readdirSync(base).find((name) => name.endsWith('.tgz')) ?? ''
  const alone = join(base, 'alone')
  mkdirSync(alone)
  writeFileSync(join(alone, 'package.json'), '{}')
  const quietly = ['--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts']
  run(alone, 'npm', 'install', ...quietly, join(base, packed))
  const round = (x: number) => Number(x.toFixed(1))
  console.log(
    JSON.stringify({
      node: process.version,
      load: round(load),
      seconds: {
        install: round(seen.build),
        build: round(seen.ready - seen.build),
        start: round(seen.served - seen.ready),
        read: round(seen.reading - seen.served),
        untilReading: round(seen.reading),
      },
      clone: inMB(installed),
      package: { packedMB: lstatSync(join(base, packed)).size / MEGABYTE, ...inMB(weight(alone)) },
    }),
  )
} finally {
  rmSync(base, { recursive: true, force: true })
}

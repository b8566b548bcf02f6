// The program as it is installed: what was built, and of node_modules what the built program asks for, on one
// platform. Nothing is fetched: it is what the lock file put here and what the tests ran with.
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, extname, join, relative } from 'node:path'
import { PACKED } from '../bundle.mjs'
import { root } from '../setup.mjs'

const json = (path) => JSON.parse(readFileSync(path, 'utf8'))
export const manifest = json(join(root, 'package.json'))

/** What runs; sources, types, maps and papers stay behind. */
const RUNS = ['.js', '.cjs', '.mjs', '.json', '.node']
const PAGE = [...RUNS, '.html', '.css', '.svg']
/** Folders that are about a package, not of it, and C sources of those that have machine code. */
const ABOUT = /^(tests?|docs?|examples?|bench(marks?)?|integration|\.github|man)$/
const SOURCES = {
  koffi: ['vendor', 'lib'],
  'node-hid': ['src', 'hidapi'],
  '@serialport/bindings-cpp': ['src'],
}

/**
 * Lays the program for `platform` (linux, win32) and `arch` (x64, arm64) into `to`; gives its packages, by name,
 * with where they lie here.
 */
export function layTree(to, platform, arch) {
  const packages = closure(asked())
  for (const folder of ['bin', 'web'])
    copy(join(root, 'dist', folder), join(to, 'dist', folder), { take: PAGE })
  for (const path of packages) {
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
    copy(join(root, path), join(to, path), {
      take: RUNS,
      leave: SOURCES[name] ?? [],
      programs: false,
      machine: (folder) => fits(folder, platform, arch),
    })
  }
  copy(join(root, 'simulator', 'scenarios'), join(to, 'simulator', 'scenarios'), {
    take: ['.yaml'],
  })
  const { name, version, license, type, engines } = manifest
  writeFileSync(
    join(to, 'package.json'),
    `${JSON.stringify({ name, version, license, type, engines, private: true }, null, 2)}\n`,
  )
  return packages
}

/** The packages that the built programs name, and do not have in them. */
function asked() {
  const dir = join(root, 'dist', 'bin')
  const text = readdirSync(dir)
    .map((file) => readFileSync(join(dir, file), 'utf8'))
    .join('\n')
  const names = Object.keys(manifest.dependencies).filter(
    (name) => !PACKED.includes(name) && (text.includes(`"${name}"`) || text.includes(`'${name}'`)),
  )
  return names.map((name) => `node_modules/${name}`)
}

/** Those packages and all they need, as paths below the clone. */
function closure(wanted) {
  const { packages } = json(join(root, 'package-lock.json'))
  const all = new Set()
  const todo = [...wanted]
  for (let path = todo.pop(); path !== undefined; path = todo.pop()) {
    if (all.has(path)) continue
    all.add(path)
    const { dependencies = {}, optionalDependencies = {} } = packages[path] ?? {}
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const found = resolved(path, name)
      if (found !== null) todo.push(found)
      else if (name in dependencies) throw new Error(`${path} needs ${name}, which is not here.`)
    }
  }
  return [...all].sort()
}

/** Where Node finds `name` from a package. */
function resolved(from, name) {
  for (let at = from; ; at = dirname(at)) {
    const path = basename(at) === 'node_modules' ? `${at}/${name}` : `${at}/node_modules/${name}`
    if (existsSync(join(root, path))) return path
    if (at === '.') return null
  }
}

/** Machine code lies in folders named after the system it is for. */
function fits(folder, platform, arch) {
  const named = folder.match(/(?:^|[-_])(linux|win32|darwin|android|musl)[-_].*/)
  if (!named) return true
  return folder.includes(platform) && new RegExp(`${arch}$`).test(folder)
}

function copy(from, to, { take, leave = [], machine = () => true, programs = true }) {
  mkdirSync(to, { recursive: true })
  cpSync(from, to, {
    recursive: true,
    dereference: true,
    filter(path) {
      const inside = relative(from, path)
      if (inside === '') return true
      const name = basename(path)
      if (statSync(path).isDirectory()) {
        if (name === 'node_modules' || name.startsWith('.')) return false
        return !leave.includes(inside) && !ABOUT.test(inside) && machine(name)
      }
      if (!take.includes(extname(name)) || /\.(test|spec)\.[cm]?js$|^\./.test(name)) return false
      // A package's own programs are for whoever builds it.
      return programs || readFileSync(path).toString('latin1', 0, 2) !== '#!'
    },
  })
}

/** Everybody reads and nobody but root writes; `programs` may be run. */
export function setModes(dir, programs) {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name)
    if (entry.isDirectory()) {
      chmodSync(path, 0o755)
      setModes(path, programs)
    } else if (entry.isFile()) chmodSync(path, programs(path) ? 0o755 : 0o644)
  }
}

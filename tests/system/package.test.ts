// The package as others get it: packed, installed into an empty directory from what npm has fetched already, called,
// compiled against, and put into a page.
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endAll, temporary } from './programs.ts'

const ROOT = new URL('../../', import.meta.url).pathname
const JUDGES = join(ROOT, 'tests/oracles/openapi/node_modules')
const MS = 180_000

interface Entry {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const json = (path: string) => JSON.parse(readFileSync(join(ROOT, path), 'utf8'))
const own = json('package.json') as Entry & {
  readonly version: string
  readonly bin: object
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>
}
const TARBALL = `wandbridge-${own.version}.tgz`

let dir = ''
let files: string[] = []
let packages: string[] = []

/** A lock for who has this package alone: its packages are those of our own lock. */
function lockOf(tarball: Buffer): object {
  const all = json('package-lock.json').packages as Readonly<Record<string, Entry>>
  const spec = `file:${TARBALL}`
  const { version, bin, dependencies = {} } = own
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`
  const found: Record<string, object> = {
    '': { name: 'consumer', version: '1.0.0', dependencies: { wandbridge: spec } },
    'node_modules/wandbridge': { version, resolved: spec, integrity, dependencies, bin },
  }
  const visit = (from: string, entry: Entry) => {
    for (const name of Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })) {
      const path = nearest(all, from, name)
      const there = path === null ? undefined : all[path]
      if (path === null || there === undefined || found[path]) continue
      found[path] = there
      visit(path, there)
    }
  }
  visit('', { dependencies })
  return { name: 'consumer', version: '1.0.0', lockfileVersion: 3, packages: found }
}

/** Where a package that is asked for at `from` is: there, or in a folder above. */
function nearest(all: object, from: string, name: string): string | null {
  for (let at = from; ; at = at.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, '')) {
    const path = `${at === '' ? '' : `${at}/`}node_modules/${name}`
    if (path in all) return path
    if (at === '') return null
  }
}

const inside = (...args: string[]) =>
  execFileSync(args[0] ?? '', args.slice(1), { cwd: dir, encoding: 'utf8', timeout: MS })

beforeAll(() => {
  dir = temporary()
  execFileSync('npm', ['pack', '--silent', '--pack-destination', dir], { cwd: ROOT })
  files = inside('tar', 'tzf', TARBALL)
    .trim()
    .split('\n')
    .map((path) => path.replace(/^package\//, ''))
  const lock = lockOf(readFileSync(join(dir, TARBALL)))
  const wanted = { name: 'consumer', version: '1.0.0', type: 'module', private: true }
  const dependencies = { wandbridge: `file:${TARBALL}` }
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ ...wanted, dependencies }))
  writeFileSync(join(dir, 'package-lock.json'), JSON.stringify(lock))
  const { status, stderr } = spawnSync(
    'npm',
    ['ci', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'],
    { cwd: dir, encoding: 'utf8' },
  )
  expect(status, stderr).toBe(0)
  packages = Object.keys((lock as { packages: object }).packages).filter((one) => one !== '')
}, MS)
afterAll(endAll)

/** Every relative import of a module or of its types, as a path in the package. */
function importsOf(path: string): string[] {
  const text = readFileSync(join(dir, 'node_modules/wandbridge', path), 'utf8')
  const found = text.matchAll(/(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g)
  return [...found].map(([, target = '']) => {
    const at = join(dirname(path), target)
    return path.endsWith('.d.ts') ? at.replace(/\.[jt]s$/, '.d.ts') : at
  })
}

describe('the package', () => {
  it('holds what is run, imported or copied, whole, and no sources, tests or tools', () => {
    const odd = files.filter(
      (path) =>
        !/^(dist\/(bin|web|src|protocol|simulator)\/.+|deploy\/.+|docs\/wireshark\/.+\.lua|simulator\/scenarios\/.+\.yaml)$/.test(
          path,
        ) && !['package.json', 'README.md', 'LICENSE', 'src/http/openapi.json'].includes(path),
    )
    expect(odd).toEqual([])
    expect(files.filter((path) => /\.map$|(?<!\.d)\.ts$|\btests?\b/.test(path))).toEqual([])
    const code = files.filter((path) =>
      /^dist\/(src|protocol|simulator)\/.*\.(js|d\.ts)$/.test(path),
    )
    const missing = code.flatMap((path) =>
      importsOf(path)
        .filter((target) => !files.includes(target))
        .map((target) => `${path} → ${target}`),
    )
    expect(missing).toEqual([])
    // A room that no entry leads to is not needed.
    const reached = new Set<string>()
    const reach = (path: string) => {
      if (reached.has(path)) return
      reached.add(path)
      for (const target of importsOf(path)) reach(target)
    }
    for (const entry of Object.values(own.exports)) {
      if (typeof entry === 'string') continue
      for (const path of Object.values(entry)) reach(path.replace(/^\.\//, ''))
    }
    const rooms = (paths: Iterable<string>) =>
      new Set([...paths].map((path) => path.split('/').slice(0, 3).join('/')))
    const useless = [...rooms(code.filter((path) => path.startsWith('dist/src/')))].filter(
      (room) => !rooms(reached).has(room),
    )
    expect(useless).toEqual([])
    expect(files.length).toBeLessThan(700)
    expect(statSync(join(dir, TARBALL)).size).toBeLessThan(1_300_000)
  })

  it('can be published as it is packed', () => {
    // Without --dry-run it is built anew before.
    const how = ['--dry-run', '--json', '--ignore-scripts', '--offline']
    const { status, stdout, stderr } = spawnSync('npm', ['publish', ...how], {
      ...{ cwd: ROOT, encoding: 'utf8', timeout: MS },
    })
    expect(status, stderr).toBe(0)
    const said = JSON.parse(stdout) as Record<string, { files: { path: string }[] }>
    const { files: published } = (said['wandbridge'] ?? said) as { files: { path: string }[] }
    expect(published.map(({ path }) => path).sort()).toEqual([...files].sort())
    expect(json('package.json').scripts.prepublishOnly).toBe('npm run build')
  })

  it('brings nothing that only builds it, and stays below 60 MB with all it needs', () => {
    const built = /\/(vite|rolldown|lightningcss|esbuild|typescript|preact|postcss)$|@types\//
    expect(packages.filter((path) => built.test(path))).toEqual([])
    const size = (path: string): number =>
      readdirSync(path, { withFileTypes: true }).reduce((sum, entry) => {
        const at = join(path, entry.name)
        return sum + (entry.isDirectory() ? size(at) : entry.isFile() ? statSync(at).size : 0)
      }, 0)
    expect(size(join(dir, 'node_modules'))).toBeLessThan(60_000_000)
  })

  it('has its programs', () => {
    const said = inside('npx', '--no-install', 'wandbridge', '--version')
    expect(said.trim()).toBe(own.version)
    expect(inside('npx', '--no-install', 'wand-conform', '--help')).toContain('wand-conform')
  })

  it('has types that stand alone, and examples that are right by them and run', {
    timeout: MS,
  }, () => {
    const guide = readFileSync(join(ROOT, 'docs/client.md'), 'utf8')
    const [, snippet = ''] = /```ts\n([\s\S]*?)```/.exec(guide) ?? []
    writeFileSync(
      join(dir, 'guide.ts'),
      `${snippet}\ndeclare const token: string, id: string\ndeclare function show(...said: unknown[]): void\nexport { refills }\n`,
    )
    // Of Node only what the example for clinic software asks it.
    writeFileSync(
      join(dir, 'node.d.ts'),
      'declare const process: { env: Record<string, string | undefined>; argv: string[] }\n',
    )
    for (const name of ['library.ts', 'virtual.ts', 'read.ts'])
      copyFileSync(join(ROOT, 'examples', name), join(dir, name))
    const strict = { strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false }
    const lib = ['es2023', 'dom', 'dom.iterable']
    const how = { target: 'es2022', module: 'nodenext', types: [], lib }
    writeFileSync(
      join(dir, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { ...strict, ...how }, include: ['*.ts'] }),
    )
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', '.'], {
      cwd: dir,
      encoding: 'utf8',
    })
    expect([status, stdout]).toEqual([0, ''])
    expect(inside(process.execPath, 'library.js')).toMatch(/^(SIM-0001: 4\.\d+ mL, current\n){3}$/)
    const virtual = inside(process.execPath, 'virtual.js')
    expect(virtual).toMatch(/^\S+Z current\n\S+Z stale implant-lost 19\.9\d+\n$/)
    expect(inside(process.execPath, 'virtual.js')).toBe(virtual)
    const document = 'console.log(require.resolve("wandbridge/openapi.json"))'
    expect(existsSync(inside(process.execPath, '--eval', document).trim())).toBe(true)
  })

  it('has a client below 25 kB in a page, with no library of schemas in it', ({ skip }) => {
    const there = existsSync(join(JUDGES, 'esbuild'))
    const why = 'tests/oracles/openapi is not installed: npm ci --prefix tests/oracles/openapi'
    skip(!there && process.env['CI'] !== 'true', why)
    writeFileSync(join(dir, 'page.js'), "export { Client } from 'wandbridge/client'\n")
    const how = ['--bundle', '--minify', '--format=esm', '--platform=browser', '--target=es2022']
    inside(
      join(JUDGES, '.bin/esbuild'),
      'page.js',
      ...how,
      '--outfile=bundle.js',
      '--metafile=m.json',
    )
    const bundle = readFileSync(join(dir, 'bundle.js'))
    const { inputs } = JSON.parse(readFileSync(join(dir, 'm.json'), 'utf8'))
    expect(Object.keys(inputs).filter((path) => path.includes('/zod/'))).toEqual([])
    expect(gzipSync(bundle, { level: 9 }).length).toBeLessThan(25_000)
  })
})

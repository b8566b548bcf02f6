// Clients of other makes than our own, against a running bridge with a simulated pump: the one in Python, and those
// that generators make of the OpenAPI document. All generators are asked in the long run, openapi-typescript always.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PumpsReply } from '../../src/model/api.ts'
import {
  ask,
  endAll,
  eventually,
  type Program,
  run,
  type Served,
  serve,
  sim,
  stop,
  temporary,
  token,
} from './programs.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const CI = process.env['CI'] === 'true'
const ROOT = new URL('../../', import.meta.url).pathname
const PYTHON = join(ROOT, 'clients/python')
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
const DOCUMENT = join(ROOT, 'src/http/openapi.json')
const MS = 120_000

let port = ''
let served: Served
let bearer = ''
const more = ['--policy', 'continuous']

beforeAll(async () => {
  const pump = await sim('tcp')
  port = pump.port
  const state = temporary()
  bearer = await token(state)
  served = await serve([port], { state, more })
  let live = false
  await eventually(
    () => {
      void ask<PumpsReply>(served, bearer, '/api/v1/pumps').then(({ pumps }) => {
        live = pumps[0]?.quality === 'current'
      })
      return live
    },
    (said) => said,
    40_000,
  )
}, MS)
afterAll(endAll)

/** Where the client in Python is used from: installed by pip, which may fetch nothing for it. */
const installed = () => {
  folder ??= (() => {
    const into = temporary()
    const how = ['--no-index', '--no-cache-dir', '--disable-pip-version-check', '--no-compile']
    const args = ['-m', 'pip', 'install', ...how, '--quiet', '--target', into, PYTHON]
    const { status, stderr } = spawnSync('python3', args, { encoding: 'utf8' })
    expect([status, stderr.replace(/^WARNING: Running pip as the 'root' user.*\n/m, '')]).toEqual([
      ...[0, ''],
    ])
    return into
  })()
  return folder
}
let folder: string | undefined

const follow = (after = '', bearerOf = bearer, url = served.url, silentS = 10) =>
  run('python3', [join(ROOT, 'tests/system/follow.py'), url, bearerOf, after, String(silentS)], {
    PYTHONPATH: installed(),
    PYTHONDONTWRITEBYTECODE: '1',
  })
const lines = (program: Program) => program.json() as unknown as [string, unknown][]
const of = (program: Program, kind: string) =>
  lines(program).flatMap(([name, value]) => (name === kind ? [value] : []))
const come = (program: Program, kind: string, n: number) =>
  eventually(
    () => of(program, kind).length,
    (count) => count >= n || program.child.exitCode !== null,
    40_000,
  )

describe('the client in Python', () => {
  it('is right by its own types, and so is who uses it', ({ skip }) => {
    skip(!CI && spawnSync('mypy', ['--version']).status !== 0, 'mypy is not installed')
    const readme = readFileSync(join(PYTHON, 'README.md'), 'utf8')
    const [, snippet = ''] = /```python\n([\s\S]*?)```/.exec(readme) ?? []
    const dir = temporary()
    const given = 'token: str\nkept: str | None\ndef file(record: object) -> None: ...\n'
    writeFileSync(join(dir, 'readme.py'), `${given}${snippet}`)
    const wrong = 'from wandbridge import Client\nx: int = Client("", "").list_pumps()["pumps"]\n'
    writeFileSync(join(dir, 'wrong.py'), wrong)
    const mypy = (...files: string[]) =>
      spawnSync('mypy', ['--strict', '--cache-dir', join(dir, 'cache'), ...files], {
        cwd: dir,
        encoding: 'utf8',
        env: { ...process.env, MYPYPATH: PYTHON },
      })
    const sources = [join(PYTHON, 'wandbridge'), join(ROOT, 'tests/system/follow.py'), 'readme.py']
    const { status, stdout } = mypy(...sources)
    expect([status, stdout]).toEqual([0, expect.stringContaining('no issues')])
    expect(mypy('wrong.py').stdout).toContain('Incompatible types in assignment')
  })

  it('is installed by pip with its types and nothing else, and nothing is fetched or left behind', () => {
    expect(readdirSync(installed()).sort()).toEqual([
      'wandbridge',
      `wandbridge-${version}.dist-info`,
    ])
    expect(readdirSync(join(installed(), 'wandbridge')).sort()).toEqual([
      ...['__init__.py', 'api.py', 'client.py', 'py.typed'],
    ])
    const said = 'from importlib.metadata import version; print(version("wandbridge"))'
    const env = { ...process.env, PYTHONPATH: installed() }
    const { stdout } = spawnSync('python3', ['-c', said], { cwd: '/', encoding: 'utf8', env })
    expect(stdout.trim()).toBe(version)
    expect(existsSync(join(PYTHON, 'build'))).toBe(false)
  })

  it('is of the version of the bridge', () => {
    const project = readFileSync(join(PYTHON, 'pyproject.toml'), 'utf8')
    expect(/^version = "(.*)"$/m.exec(project)?.[1]).toBe(version)
  })

  it('asks what there is, and follows it through a bridge that is killed: each record once', {
    timeout: MS,
  }, async () => {
    const program = follow()
    await come(program, 'record', 3)
    const [first] = of(program, 'asked') as [number, number, string, boolean][]
    expect(first).toEqual([expect.any(Number), expect.any(Number), 'interrogation', true])
    expect(first?.[0]).toBeGreaterThan(4)
    expect(of(program, 'problem')).toEqual([[404, 'urn:wandbridge:problem:not-found']])
    expect(lines(program).find(([kind]) => kind !== 'asked' && kind !== 'problem')?.[0]).toBe(
      'snapshot',
    )
    const before = of(program, 'record').length
    await stop(served.bridge, 'SIGKILL')
    await come(program, 'silent', 1)
    const { host } = new URL(served.url)
    served = await serve([port], { state: served.state, listen: host, more })
    await come(program, 'record', before + 3)
    program.child.kill('SIGKILL')
    await program.exit
    const got = of(program, 'record') as [string, number, string][]
    const positions = got.map(([, position]) => position)
    expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b))
    expect(of(program, 'reset')).toEqual([])
    // Whoever was away gets the same, in one piece.
    const [from = ''] = got[0] ?? []
    const later = follow(from)
    await come(later, 'record', got.length - 1)
    later.child.kill('SIGKILL')
    await later.exit
    expect(of(later, 'record').slice(0, got.length - 1)).toEqual(got.slice(1))
  })

  it('is told where it cannot go on, and by whom it is not let in', { timeout: MS }, async () => {
    const ahead = follow('simulator-1-00000000.5')
    await come(ahead, 'snapshot', 1)
    ahead.child.kill('SIGKILL')
    await ahead.exit
    expect(of(ahead, 'reset')).toEqual(['unknown'])
    const stranger = follow('', 'wb_00000000_no')
    expect(await stranger.exit).toBe(0)
    expect(lines(stranger)).toEqual([['refused', [401, expect.stringContaining('token')]]])
  })
})

describe('the client in Python, and a bridge that does not behave', () => {
  it('takes events in pieces, twice, cut off and newer, and waits where nothing comes', async () => {
    const asked: (string | undefined)[] = []
    const record = (n: number, end: string) =>
      [
        `id: L.${n}`,
        'event: link',
        'data: {"kind":"link",',
        `data:"id":"L.${n}","position":${n},"log":"L"}`,
      ]
        .map((line) => `${line}${end}`)
        .join('')
    const answers: ((reply: ServerResponse) => void)[] = [
      (reply) => reply.writeHead(503, { 'retry-after': '0' }).end('no JSON'),
      (reply) => {
        reply.writeHead(200).write(`: hello\r\n\r\n${record(1, '\r\n')}\r\n${record(2, '\n')}`)
        // The second one has no end: it was not sent.
        setImmediate(() => reply.destroy())
      },
      // Nothing more comes.
      (reply) => void reply.writeHead(200).write(`${record(1, '\n')}\n${record(2, '\n')}\n`),
      (reply) => {
        const bye = 'event: bye\ndata: {"asOf":"","reason":"revoked","sentence":""}\n\n'
        reply.writeHead(200).end(`event: newer\ndata: {"any":1}\n\n${bye}`)
      },
    ]
    const server = createServer((request, reply) => {
      if (request.url === '/api/v1/pumps') return void reply.end('{"pumps":[]}')
      asked.push(request.headers['last-event-id'] as string | undefined)
      answers.shift()?.(reply)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port: at } = server.address() as AddressInfo
    const program = follow('', 'x', `http://127.0.0.1:${at}`, 0.5)
    expect(await program.exit, program.err()).toBe(0)
    server.closeAllConnections()
    server.close()
    expect(asked).toEqual([undefined, undefined, 'L.1', 'L.2'])
    expect(lines(program).map(([kind]) => kind)).toEqual([
      ...['silent', 'record', 'silent', 'record', 'silent', 'bye'],
    ])
    expect(of(program, 'record').flat()).toEqual(['L.1', 1, 'L', 'L.2', 2, 'L'])
    expect(of(program, 'silent').at(-1)).toBe('the bridge is silent')
  })
})

/** How a generator is called, and a program that uses what it made. All print the same. */
const GENERATORS = {
  'openapi-typescript': {
    judges: 'openapi',
    args: ['-o', 'api.d.ts', DOCUMENT],
    program: `import createClient from 'openapi-fetch'
import type { paths } from './api.js'
const client = createClient<paths>({ baseUrl: url, headers })
const { data: pumps } = await client.GET('/api/v1/pumps')
const pump = pumps?.pumps[0]
if (!pump) throw new Error('no pump')
const { data: history } = await client.GET('/api/v1/pumps/{id}/readings', {
  params: { path: { id: pump.pump.id }, query: { limit: 1 } },
})
const { error } = await client.GET('/api/v1/pumps/{id}', { params: { path: { id: 'none' } } })
const n = history?.readings.length
const type = error?.type
`,
  },
  orval: {
    judges: 'generators',
    args: ['--input', DOCUMENT, '--output', 'api.ts', '--client', 'fetch', '--mode', 'single'],
    program: `import { getPump, listPumps, listReadings } from './api.js'
const fetched = globalThis.fetch
globalThis.fetch = (path, init) => fetched(url + String(path), { ...init, headers })
const pumps = await listPumps()
if (pumps.status !== 200) throw new Error(pumps.data.title)
const [pump] = pumps.data.pumps
if (!pump) throw new Error('no pump')
const history = await listReadings(pump.pump.id, { limit: 1 })
const none = await getPump('none')
const n = history.status === 200 ? history.data.readings.length : history.data.title
const type = none.status === 200 ? none.data.quality : none.data.type
`,
  },
  'openapi-ts': {
    judges: 'generators',
    args: ['-i', DOCUMENT, '-o', 'api', '-c', '@hey-api/client-fetch'],
    program: `import { client } from './api/client.gen'
import { getPump, listPumps, listReadings, streamEvents } from './api'
client.setConfig({ baseUrl: url, headers })
const { data } = await listPumps({ throwOnError: true })
const [pump] = data.pumps
if (!pump) throw new Error('no pump')
const history = await listReadings({ path: { id: pump.pump.id }, query: { limit: 1 } })
const { error } = await getPump({ path: { id: 'none' } })
const n = history.data?.readings.length
const type = error?.type
const { stream } = await streamEvents()
for await (const event of stream) {
  if ('asOf' in event || 'kind' in event) break
}
`,
  },
} as const

describe('a client that was generated', () => {
  const names = (Object.keys(GENERATORS) as (keyof typeof GENERATORS)[]).filter(
    (name) => LONG || GENERATORS[name].judges === 'openapi',
  )
  it.for(names)(
    'by %s compiles under strict types and reads a bridge',
    { timeout: MS },
    async (name, { skip }) => {
      const { judges, args, program } = GENERATORS[name]
      const packages = join(ROOT, 'tests/oracles', judges, 'node_modules')
      const why = `tests/oracles/${judges} is not installed: npm ci --prefix tests/oracles/${judges} --ignore-scripts`
      skip(!existsSync(packages) && !CI, why)
      const dir = temporary()
      symlinkSync(packages, join(dir, 'node_modules'))
      writeFileSync(join(dir, 'package.json'), '{"type":"module"}')
      execFileSync(join(packages, '.bin', name), args, { cwd: dir, stdio: 'ignore' })
      writeFileSync(
        join(dir, 'main.ts'),
        `declare const process: { argv: string[]; exit(code: number): never }
const [url = '', token = ''] = process.argv.slice(2)
const headers = { authorization: 'Bearer ' + token }
${program}
const { value, unit } = pump.reservoir.reportedVolume
const volume: number | null = value
const mL: 'mL' = unit
console.log(JSON.stringify([volume, mL, pump.source, n, type]))
process.exit(0)
`,
      )
      const resolved = name === 'openapi-ts' ? ['esnext', 'bundler'] : ['nodenext', 'nodenext']
      const [module, moduleResolution] = resolved
      const lib = ['es2023', 'dom', 'dom.iterable']
      const compilerOptions = {
        ...{ strict: true, target: 'es2022', module, moduleResolution, lib, types: [] },
        ...{ outDir: 'made', rootDir: '.' },
      }
      writeFileSync(
        join(dir, 'tsconfig.json'),
        JSON.stringify({ compilerOptions, include: ['main.ts', 'api'] }),
      )
      const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
      const compiled = spawnSync(process.execPath, [tsc, '-p', '.'], { cwd: dir, encoding: 'utf8' })
      expect([compiled.status, compiled.stdout]).toEqual([0, ''])
      // What resolves as bundlers do it is bundled.
      const bundler = join(ROOT, 'tests/oracles/openapi/node_modules/.bin/esbuild')
      if (module === 'esnext') {
        const how = [
          'made/main.js',
          '--bundle',
          '--format=esm',
          '--platform=node',
          '--allow-overwrite',
        ]
        execFileSync(bundler, [...how, '--outfile=made/main.js'], { cwd: dir, stdio: 'ignore' })
      }
      const { exit, out, err } = run(process.execPath, [
        join(dir, 'made/main.js'),
        served.url,
        bearer,
      ])
      expect(await exit, err()).toBe(0)
      expect(JSON.parse(out())).toEqual([
        ...[expect.any(Number), 'mL', 'simulator', 1],
        'urn:wandbridge:problem:not-found',
      ])
    },
  )
})

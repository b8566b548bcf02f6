// The examples for clinic software, run as they stand against a real bridge.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endAll, eventually, run, serve, sim, temporary, token } from './programs.ts'

const ROOT = new URL('../../', import.meta.url).pathname
const example = (name: string) => join(ROOT, 'examples', name)
const MS = 60_000

let url = ''
let bearer = ''
beforeAll(async () => {
  const pump = await sim('pty')
  const state = temporary()
  bearer = await token(state)
  ;({ url } = await serve([pump.port], { state, policy: 'continuous' }))
  const headers = { authorization: `Bearer ${bearer}` }
  let quality = ''
  await eventually(
    () => {
      void fetch(`${url}/api/v1/pumps`, { headers })
        .then((reply) => reply.json())
        .then((body) => {
          quality = (body as { pumps: { quality: string }[] }).pumps[0]?.quality ?? ''
        })
      return quality
    },
    (x) => x === 'current',
    40_000,
  )
}, MS * 2)
afterAll(endAll)

const env = () => ({ ...process.env, WANDBRIDGE_TOKEN: bearer })
const read = (program: string, ...args: string[]) =>
  execFileSync(program, [...args, url], { env: env(), encoding: 'utf8', timeout: MS })

const PUMP = /^simulator SIM-0001: 4\.\d+ mL, live, read /m

describe('an example', () => {
  it('in curl', { timeout: MS }, () => {
    const said = read('sh', example('read.sh'))
    expect(said).toMatch(PUMP)
    expect(said).toMatch(/^refill of SIM-0001 on \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d: 20 mL$/m)
  })

  it('in curl ends with the problem when the token is not right', { timeout: MS }, () => {
    const { status, stdout, stderr } = spawnSync('sh', [example('read.sh'), url], {
      env: { ...process.env, WANDBRIDGE_TOKEN: 'wb_00000000_no' },
      encoding: 'utf8',
    })
    expect([status === 0, `${stdout}${stderr}`]).toEqual([false, expect.stringContaining('401')])
  })

  it('in Python', { timeout: MS }, () => {
    const said = read('python3', example('read.py'))
    expect(said).toMatch(PUMP)
    expect(said).toMatch(/^refill on .*: 20 mL, before it not known$/m)
    expect(said).toMatch(/ SIM-0001 current$/m)
  })

  // `package` holds it to the types of the package as others get it.
  it('in TypeScript', { timeout: MS * 2 }, async () => {
    const dir = temporary()
    mkdirSync(join(dir, 'node_modules'))
    symlinkSync(ROOT, join(dir, 'node_modules', 'wandbridge'))
    writeFileSync(join(dir, 'package.json'), '{"type":"module"}')
    const { ES2022: target } = ts.ScriptTarget
    const compilerOptions = { target, module: ts.ModuleKind.ES2022 }
    const { outputText } = ts.transpileModule(readFileSync(example('read.ts'), 'utf8'), {
      compilerOptions,
    })
    writeFileSync(join(dir, 'read.js'), outputText)
    const program = run('env', [
      `WANDBRIDGE_TOKEN=${bearer}`,
      process.execPath,
      join(dir, 'read.js'),
      url,
    ])
    await eventually(
      () => program.out(),
      (text) => PUMP.test(text) && /^refill on .*: 20 mL/m.test(text),
      30_000,
    )
    program.child.kill('SIGKILL')
    await program.exit
  })

  // There is no .NET where the tests run, so this one is NOT run: only its words are compared with the
  // API's. Whoever changes it runs it by hand: dotnet run examples/Read.cs URL.
  it('in C# (not run) asks for addresses and fields that exist', () => {
    const text = readFileSync(example('Read.cs'), 'utf8')
    const api = JSON.parse(readFileSync(join(ROOT, 'src/http/openapi.json'), 'utf8'))
    const paths = [...text.matchAll(/"(\/api\/\S*?)"\)(?=[;)])/g)].map(([, path = '']) => path)
    expect(paths).toHaveLength(2)
    for (const path of paths) {
      expect(Object.keys(api.paths)).toContain(path.replace(/\{who.*\}/, '{id}'))
    }
    const declared = new Set<string>()
    JSON.stringify(api.components.schemas, (key, value) => {
      if (key === 'properties') for (const name of Object.keys(value)) declared.add(name)
      return value
    })
    const fields = [...text.matchAll(/GetProperty\("(\w+)"\)/g)].map(([, name = '']) => name)
    expect(fields.length).toBeGreaterThan(10)
    for (const name of fields) expect(declared).toContain(name)
  })
})

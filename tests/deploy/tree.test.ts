// The program as it is laid for a package: all it needs and nothing for another system.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const dir = mkdtempSync(join(tmpdir(), 'wandbridge-tree-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

function laid(platform: string): { to: string; files: string[] } {
  const to = join(dir, platform)
  const script = `import { layTree } from '${root}tools/package/tree.mjs'; layTree('${to}', '${platform}', 'x64')`
  execFileSync(process.execPath, ['--input-type=module', '-e', script], { stdio: 'pipe' })
  const files = readdirSync(to, { recursive: true, encoding: 'utf8' })
  return { to, files }
}

it('runs by itself, from a folder that is no clone', () => {
  const { to } = laid(process.platform)
  const main = join(to, 'dist/bin/wandbridge.js')
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const said = execFileSync(process.execPath, [main, '--version'], { encoding: 'utf8', cwd: dir })
  expect(said.trim()).toBe(version)
  // Every package that is asked for is there, with what it asks for itself.
  const load = [
    'fastify',
    '@fastify/swagger',
    'prom-client',
    'serialport',
    'node-hid',
    'koffi',
    '@clack/prompts',
    'uqr',
  ]
  const script = `for (const name of ${JSON.stringify(load)}) await import(name)`
  execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: to, stdio: 'pipe' })
})

it.each(['linux', 'win32'])('has the machine code of %s and of nothing else', (platform) => {
  const { files } = laid(platform)
  const native = files.filter((name) => name.endsWith('.node'))
  expect(native.filter((name) => name.includes('serialport'))).not.toEqual([])
  expect(native.filter((name) => name.includes('node-hid'))).not.toEqual([])
  expect(native.filter((name) => !name.includes(platform))).toEqual([])
  expect(files.filter((name) => /\.(ts|map|md)$/.test(name))).toEqual([])
})

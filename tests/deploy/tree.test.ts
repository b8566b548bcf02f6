// The program as it is laid for a package: all it needs and nothing for another system. With WANDBRIDGE_LONG=1 that for
// arm64 reads a simulated pump through a serial line, with Debian's Node for that processor, in Debian's emulator of
// one program. What is not shown so: a package and an image made on such a machine, and a kernel with real USB.
import { execFileSync, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { endAll, sim } from '../system/programs.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const dir = mkdtempSync(join(tmpdir(), 'wandbridge-tree-'))
afterAll(async () => {
  await endAll()
  rmSync(dir, { recursive: true, force: true })
})
const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const EMULATOR = '/usr/bin/qemu-aarch64-static'

function laid(platform: string, arch = 'x64', to = join(dir, `${platform}-${arch}`)) {
  const script = `import { layTree } from '${root}tools/package/tree.mjs'; layTree('${to}', '${platform}', '${arch}')`
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

it.each([
  ['linux', 'x64'],
  ['linux', 'arm64'],
  ['win32', 'x64'],
])('has the machine code of %s on %s and of nothing else', (platform, arch) => {
  const { files } = laid(platform, arch)
  const native = files.filter((name) => name.endsWith('.node'))
  expect(native.filter((name) => name.includes('serialport'))).not.toEqual([])
  expect(native.filter((name) => name.includes('node-hid'))).not.toEqual([])
  expect(native.filter((name) => !name.includes(platform) || !name.includes(arch))).toEqual([])
  expect(files.filter((name) => /\.(ts|map|md)$/.test(name))).toEqual([])
})

/** Debian's files for arm64, none of its programs run, with the program as a package lays it. */
function debianOfArm(): string {
  const [system, work] = [join(dir, 'arm64'), join(dir, 'fetched')]
  mkdirSync(work)
  const packages = 'nodejs,libusb-1.0-0,libudev1,libsystemd0'
  const extract = ['--variant=extract', '--architectures=arm64', '--skip=check/qemu']
  execFileSync('mmdebstrap', ['--quiet', ...extract, `--include=${packages}`, 'trixie', system])
  symlinkSync('usr/lib', join(system, 'lib'))
  // Installed it would be no business of the other programs of this computer; unpacked it will do.
  execFileSync('apt-get', ['download', 'qemu-user-static'], { cwd: work, stdio: 'pipe' })
  const [deb = ''] = readdirSync(work)
  execFileSync('dpkg-deb', ['-x', join(work, deb), join(work, 'qemu')])
  copyFileSync(join(work, 'qemu', EMULATOR), join(system, 'qemu-aarch64-static'))
  const { to } = laid('linux', 'arm64', join(system, 'usr/lib/wandbridge'))
  // Of koffi npm has put here only what this processor runs.
  const { version } = JSON.parse(
    readFileSync(join(root, 'node_modules/koffi/package.json'), 'utf8'),
  )
  const koffi = join(to, 'node_modules/@koromix/koffi-linux-arm64')
  mkdirSync(koffi, { recursive: true })
  const pack = [
    'pack',
    '--silent',
    '--pack-destination',
    work,
    `@koromix/koffi-linux-arm64@${version}`,
  ]
  const file = execFileSync('npm', pack, { encoding: 'utf8' }).trim()
  execFileSync('tar', ['xzf', join(work, file), '--strip-components=1', '-C', koffi])
  return system
}

if (LONG) {
  it('reads a pump on arm64', { timeout: 1_800_000 }, async () => {
    const system = debianOfArm()
    const wand = await sim('pty')
    const script = join(root, 'tests/deploy/arm64.sh')
    const ran = spawnSync('unshare', ['--mount', 'bash', script, system, readlinkSync(wand.port)], {
      encoding: 'utf8',
    })
    const said = ran.stdout + ran.stderr
    expect(ran.status, said.slice(-4_000)).toBe(0)
    expect(said).toMatch(/^arm64$/m)
    for (const name of ['koffi', 'node-hid', 'serialport'])
      expect(said).toMatch(new RegExp(`^${name} (object|function)$`, 'm'))
    expect(said).toContain('Reading finished')
    // An emulator may be too slow for the answer to a close; then the program says so, and ends with 4.
    expect(said).toMatch(/^ended with [04]$/m)
    expect(said).toMatch(/\d+ records are consistent/)
  })
}

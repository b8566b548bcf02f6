// The image of deploy/oci/: its recipe says what the package's unit says, and, with WANDBRIDGE_LONG=1 where podman and
// buildah are, it is built on a clean Debian 13 and reads a simulated wand without rights on a read-only root.
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { endAll, MAIN, temporary } from './programs.ts'

afterAll(endAll)

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const text = (name: string) => readFileSync(join(ROOT, 'deploy', name), 'utf8')
const LONG = process.env['WANDBRIDGE_LONG'] === '1'

it('starts what the service starts, as the same user, with the same directories', () => {
  const recipe = text('oci/Containerfile')
  const args = JSON.parse(/^CMD (.*)$/m.exec(recipe)?.[1] ?? '[]') as string[]
  const [, start] =
    /^ExecStart=\/usr\/bin\/wandbridge (.*)$/m.exec(text('systemd/wandbridge.service')) ?? []
  expect(args.join(' ')).toBe(start)
  expect(recipe).toMatch(/^USER wandbridge$/m)
  expect(recipe).toMatch(/^VOLUME \/var\/lib\/wandbridge$/m)
  const unit = text('oci/wandbridge.container')
  for (const line of ['ReadOnly=true', 'NoNewPrivileges=true', 'DropCapability=all'])
    expect(unit).toContain(line)
})

const able = ['podman', 'buildah', 'mmdebstrap'].every(
  (name) => spawnSync(name, ['--version']).status === 0,
)
if (LONG && able) {
  it('is built, and reads a wand on a read-only root without rights', {
    timeout: 1_200_000,
  }, () => {
    const [work, out] = [temporary(), temporary()]
    const deb = execFileSync(process.execPath, ['tools/package/deb.mjs', '--out', out], {
      cwd: ROOT,
      encoding: 'utf8',
    }).trim()
    const script = join(ROOT, 'tests/system/image.sh')
    const args = ['--mount', 'bash', script, work, deb.split('\n').at(-1) ?? '']
    const ran = spawnSync('unshare', [...args, join(ROOT, 'deploy/oci/Containerfile'), MAIN], {
      encoding: 'utf8',
      maxBuffer: 64 << 20,
    })
    const said = ran.stdout + ran.stderr
    expect(ran.status, said.slice(-4_000)).toBe(0)
    expect(said).toContain('"quality":"current"')
    expect(said).toMatch(/uid=\d+\(wandbridge\) .*\(dialout\)/)
    expect(said).toMatch(/Read-only file system/)
    expect(said).toMatch(/^CapEff:\t0+$/m)
    expect(said).toMatch(/^NoNewPrivs:\t1$/m)
    expect(said).toMatch(/Session closed\./)
    expect(said).toMatch(/^ended with 0$/m)
  })
}

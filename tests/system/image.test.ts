// The image of deploy/oci/: its recipe says what the package's unit says, and, with WANDBRIDGE_LONG=1, it is built on a
// clean Debian 13 and reads a simulated wand, all as a user without rights.
import { execFileSync, spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { debian13Archive } from './container.ts'
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
  // What runs it is what is tried out below.
  const unit = text('oci/wandbridge.container').split('\n')
  const tried = readFileSync(join(ROOT, 'tests/system/image.sh'), 'utf8')
  for (const [line, flag] of [
    ['ReadOnly=true', '--read-only '],
    ['Network=host', '--network host '],
    ['DropCapability=all', '--cap-drop all '],
    ['NoNewPrivileges=true', '--security-opt no-new-privileges '],
    ['PodmanArgs=--group-add keep-groups', '--group-add keep-groups '],
    ['Volume=wandbridge:/var/lib/wandbridge', '--volume wandbridge:/var/lib/wandbridge '],
    ['# Secret=wandbridge-audit.key', '--secret wandbridge-audit.key '],
    [
      '# Environment=CREDENTIALS_DIRECTORY=/run/secrets',
      '--env CREDENTIALS_DIRECTORY=/run/secrets ',
    ],
  ] as const) {
    expect(unit).toContain(line)
    expect(tried).toContain(flag)
  }
})

if (LONG) {
  it('is built and reads a wand as a user without rights, on a read-only root', {
    timeout: 1_800_000,
  }, () => {
    for (const name of ['podman', 'buildah', 'mmdebstrap', 'newuidmap']) {
      if (spawnSync(name, ['--version']).error)
        throw new Error(`${name} is missing: apt-get install podman buildah mmdebstrap uidmap`)
    }
    const [work, out] = [temporary(), temporary()]
    const deb = execFileSync(process.execPath, ['tools/package/deb.mjs', '--out', out], {
      cwd: ROOT,
      encoding: 'utf8',
    }).trim()
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const key = privateKey.export({ format: 'pem', type: 'pkcs8' })
    writeFileSync(join(work, 'key.pem'), key, { mode: 0o600 })
    const base = join(work, 'base.tar')
    copyFileSync(debian13Archive(), base)
    const recipe = join(ROOT, 'deploy/oci/Containerfile')
    const args = [join(ROOT, 'tests/system/image.sh'), work, deb.split('\n').at(-1) ?? '', recipe]
    const ran = spawnSync('unshare', ['--mount', 'bash', ...args, MAIN, base], {
      encoding: 'utf8',
      maxBuffer: 64 << 20,
    })
    const said = ran.stdout + ran.stderr
    expect(ran.status, said.slice(-4_000)).toBe(0)
    expect(said).toContain('"quality":"current"')
    // Outside a user who may open wands, inside nobody's root: the numbers of that user alone are mapped.
    expect(said).toMatch(/^outside: uid=7419\(clinic\) .*\(dialout\)$/m)
    expect(said).toMatch(/^uid=(?!0)\d+\(wandbridge\)/m)
    expect(said).toMatch(/^ +0 +7419 +1$/m)
    expect(said).toMatch(/Read-only file system/)
    expect(said).toMatch(/^CapEff:\t0+$/m)
    expect(said).toMatch(/^NoNewPrivs:\t1$/m)
    const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
    const verifier = Buffer.concat([Buffer.of(1), raw]).toString('base64')
    expect(said.split('\n').find((line) => line.includes('Verifier key'))).toContain(`+${verifier}`)
    expect(said).toMatch(/Session closed\./)
    expect(said).toMatch(/^ended with 0$/m)
    expect(said).toMatch(/\d+ records are consistent/)
  })
}

// The Debian package on a Debian with systemd as its first process: it installs, runs as nobody in particular, reads a
// simulated wand, is restarted and upgraded while it reads, is killed when it hangs, and is removed. What is
// configured is the example, with the wand named. With WANDBRIDGE_LONG=1 in a clean Debian 13 and fifty times, and the
// package is held to Debian's policy.
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { mulberry32 } from '../../src/base/env.ts'
import { ask } from '../../src/control/client.ts'
import { Container, debian13, lacking } from './container.ts'
import { endAll, temporary } from './programs.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const ROUNDS = LONG ? 50 : 1
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const STATE = '/var/lib/wandbridge'
/** Instead of the unit's half a minute, which nobody waits for. */
const WATCHDOG_S = 5

let debian: Container | null = null
afterAll(async () => {
  await debian?.stop()
  await endAll()
})

/** Packages of two versions, which are the same but for that. */
function packages(): string {
  const out = temporary()
  const versions = LONG ? ['0.1.0', '0.1.1'] : ['0.1.0']
  for (const version of versions) {
    const args = ['tools/package/deb.mjs', '--version', version, '--out', out]
    execFileSync(process.execPath, args, { cwd: ROOT, stdio: 'pipe' })
  }
  return out
}

/** The index of the manual's pages is another package's work, and takes longer than all of ours. */
const INSTALL = 'dpkg --no-triggers --install'
const ARCH = execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim()
const deb = (version: string) => `/shared/wandbridge_${version}_${ARCH}.deb`

/** The example as a clinic would change it. */
function configuration(): string {
  const example = readFileSync(join(ROOT, 'deploy/config/wandbridge.yaml'), 'utf8')
  const changed = example
    .replace('serial: [auto]\nhid: [auto]', 'source: simulator\nserial: [tcp://127.0.0.1:4001]')
    .replace('policy: on-placement', 'policy: continuous')
  expect(changed).toContain('tcp://127.0.0.1:4001')
  expect(changed).toContain('policy: continuous')
  return changed
}

/** What the running bridge answers on its control socket; nothing while none runs. */
const status = async (inside: Container) => {
  const told = await ask(inside.path(STATE), 'status', {}).catch(() => null)
  return told ?? { wands: [], pumps: [] }
}
type Told = Awaited<ReturnType<typeof status>>

async function until<T>(
  what: string,
  get: () => T | Promise<T>,
  good: (x: T) => boolean,
): Promise<T> {
  for (const end = performance.now() + 60_000; ; ) {
    const now = await get()
    if (good(now)) return now
    if (performance.now() > end) {
      const log = debian?.run('journalctl -u wandbridge --no-pager | tail -40').text
      throw new Error(`not so: ${what}; last: ${JSON.stringify(now)}\n${log}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

const property = (inside: Container, name: string) =>
  inside.must(`systemctl show --value --property ${name} wandbridge`).trim()
const reads = ({ pumps }: Told) => pumps.some(({ quality }) => quality === 'current')

async function whole(inside: Container): Promise<void> {
  const reading = () => until('a pump is read', () => status(inside), reads)
  const unclosed = async () => (await status(inside)).wands.flatMap((wand) => wand.unclosed)

  // Installed as it is: the service runs, without a wand and without rights.
  inside.must(`${INSTALL} ${deb('0.1.0')}`)
  await until(
    'it is active',
    () => property(inside, 'ActiveState'),
    (x) => x === 'active',
  )
  const own = inside.must(`cat /proc/${property(inside, 'MainPID')}/status`)
  const uid = inside.must('id -u wandbridge').trim()
  expect(own).toMatch(new RegExp(`^Uid:\\t${uid}\\t${uid}\\t${uid}\\t${uid}$`, 'm'))
  expect(own).toMatch(/^CapEff:\t0+$/m)
  expect(own).toMatch(/^CapBnd:\t0+$/m)
  expect(own).toMatch(/^NoNewPrivs:\t1$/m)
  expect(own).toMatch(/^Seccomp:\t2$/m)
  expect(inside.must(`stat -c '%a %U' ${STATE}`).trim()).toBe('700 wandbridge')
  // Debian 12 cannot judge rules of udev.
  if (LONG) inside.must('udevadm verify /usr/lib/udev/rules.d/70-wandbridge.rules')
  expect(inside.must('stat -c "%a %U %G" /etc/wandbridge/wandbridge.yaml').trim()).toBe(
    '640 root wandbridge',
  )

  // A wand on a line of its own, and a bridge that reads such wands, signs with a key that systemd hands it, and is
  // watched closely.
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  inside.must(`systemctl stop wandbridge && rm -rf ${STATE}/* && mkfifo /run/hands
    mkdir -p -m 700 /etc/credstore /etc/systemd/system/wandbridge.service.d
    (umask 077; cat >/etc/credstore/wandbridge-audit.key) <<'END'\n${privateKey.export({ format: 'pem', type: 'pkcs8' })}END
    printf '[Service]\\nWatchdogSec=${WATCHDOG_S}\\n' >/etc/systemd/system/wandbridge.service.d/test.conf
    systemctl daemon-reload
    cat >/etc/wandbridge/wandbridge.yaml <<'END'\n${configuration()}END
    systemd-run --quiet --unit wand bash -c 'exec wandbridge sim --tcp 127.0.0.1:4001 <>/run/hands'
    systemctl start wandbridge`)
  const hands = (command: object) => inside.must(`echo '${JSON.stringify(command)}' >/run/hands`)
  await reading()
  const told = inside.must('journalctl -u wandbridge --no-pager -o cat')
  const [, key = ''] =
    [...told.matchAll(/Verifier key, to be kept elsewhere: [^+\s]+\+[0-9a-f]+\+(\S+)/g)].at(-1) ??
    []
  const raw = publicKey.export({ format: 'jwk' }).x ?? ''
  expect(Buffer.from(key, 'base64').subarray(1)).toEqual(Buffer.from(raw, 'base64url'))
  expect(inside.must(`ls ${STATE}/keys`)).toBe('')

  // Told to read its configuration again in the middle of it.
  const ends = () =>
    inside.must(`cat ${STATE}/audit/simulator-*/*.jsonl`).split('"event":"ended"').length
  const before = ends()
  inside.must(`sed -i 's/format: text/format: json/; s/policy: .*/policy: manual/' /etc/wandbridge/wandbridge.yaml
    systemctl reload wandbridge`)
  const said = inside.must('journalctl -u wandbridge --no-pager -o cat | tail -20')
  expect(said).toMatch(/"about":"configuration","text":"In use now: log."/)
  expect(said).toMatch(/Restart needed for: policy\./)
  expect(reads(await status(inside))).toBe(true)
  expect(ends()).toBe(before)
  inside.must(`sed -i 's/policy: .*/policy: continuous/' /etc/wandbridge/wandbridge.yaml`)
  inside.must("echo 'polcy: x' >>/etc/wandbridge/wandbridge.yaml")
  expect(inside.run('systemctl reload wandbridge').code).not.toBe(0)
  inside.must("sed -i '/polcy/d' /etc/wandbridge/wandbridge.yaml")
  expect(reads(await status(inside))).toBe(true)

  // Restarted and upgraded in the middle of it.
  const random = mulberry32(19)
  for (let round = 0; round < ROUNDS; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, random() % 1_500))
    const version = round % 10 === 4 ? '0.1.1' : '0.1.0'
    if (LONG && round % 5 === 4) inside.must(`${INSTALL} ${deb(version)}`)
    else inside.must('systemctl restart wandbridge')
    await reading()
  }
  const log = inside.must(`cat ${STATE}/audit/simulator-*/*.jsonl`).split('\n')
  const count = (what: string) => log.filter((line) => line.includes(what)).length
  expect(count('"kind":"start"')).toBe(ROUNDS + 1)
  expect(count('"kind":"stop"')).toBe(ROUNDS)
  // Every session that was ended by a restart was closed, and the pump had confirmed it.
  expect(count('"event":"ended"')).toBeGreaterThanOrEqual(ROUNDS)
  expect(count('"event":"ended","how":"confirmed"')).toBe(count('"event":"ended"'))
  // Its copy, made while it reads, verifies as its own log does.
  const asService = 'runuser -u wandbridge -- wandbridge'
  inside.must(`${asService} backup /tmp/copy --state-dir ${STATE}`)
  for (const dir of [STATE, '/tmp/copy'])
    inside.must(`${asService} audit verify --state-dir ${dir}`)
  inside.must('rm -r /tmp/copy')

  // Hung with a session open, the wand taken away meanwhile: killed, started, told.
  inside.must(`kill -STOP ${property(inside, 'MainPID')}`)
  hands({ do: 'lift' })
  await until(
    'it is started anew',
    () => property(inside, 'NRestarts'),
    (x) => x === '1',
  )
  expect(inside.must('journalctl -u wandbridge --no-pager')).toMatch(/result 'watchdog'/)
  const left = await until('a session not closed is told', unclosed, (all) => all.length > 0)
  expect(left[0]?.pump).toBe('SIM-0001')
  hands({ do: 'place' })
  await reading()
  inside.must('systemctl restart wandbridge')
  await until('it was closed by a confirmed close', unclosed, (all) => all.length === 0)

  // Gone but for what belongs to the clinic.
  inside.must('systemctl stop wand; dpkg --no-triggers --remove wandbridge')
  expect(inside.run('systemctl is-active wandbridge').text).not.toMatch(/^active/)
  expect(inside.run('ls /usr/lib/wandbridge /usr/bin/wandbridge').code).not.toBe(0)
  inside.must(
    'rm -r /etc/systemd/system/wandbridge.service.d; dpkg --no-triggers --purge wandbridge',
  )
  expect(inside.run('dpkg --status wandbridge').code).not.toBe(0)
  expect(inside.run('ls /etc/wandbridge').code).not.toBe(0)
  // The key in /etc/credstore is nobody's but the clinic's.
  const remains = 'find /etc /usr /run -name "*wandbridge*" -not -path "/usr/share/doc/*" -xdev'
  expect(inside.must(remains).trim()).toBe('/etc/credstore/wandbridge-audit.key')
  inside.must(`test -d ${STATE}/audit`)
}

if (LONG) {
  it('is as Debian wants its packages', { timeout: 600_000 }, () => {
    const file = join(packages(), `wandbridge_0.1.0_${ARCH}.deb`)
    const strict = ['--allow-root', '--fail-on', 'error,warning,info', file]
    expect(execFileSync('lintian', strict, { encoding: 'utf8' })).toBe('')
  })
}

it(`installs, is restarted ${ROUNDS} times while it reads, is killed when it hangs, is removed`, {
  timeout: LONG ? 3_600_000 : 300_000,
}, async ({ skip }) => {
  const lacks = lacking()
  skip(lacks !== null && process.env['CI'] !== 'true' && !LONG, lacks ?? '')
  // The gate leaves nothing out.
  if (lacks !== null) throw new Error(lacks)
  debian = await Container.boot(LONG ? debian13() : '/', packages())
  await whole(debian)
})

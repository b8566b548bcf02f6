// The Debian package on a Debian with systemd as its first process: it installs, runs as nobody in particular, reads a
// simulated wand, is restarted and upgraded while it reads, is killed when it hangs, and is removed. What is
// configured is the example, with the wand named. With WANDBRIDGE_LONG=1 in a clean Debian 13 and fifty times.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { mulberry32 } from '../../src/base/env.ts'
import { Container, canBoot, debian13 } from './container.ts'
import { endAll, temporary } from './programs.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const ROUNDS = LONG ? 50 : 1
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const STATE = '/var/lib/wandbridge'

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
const deb = (version: string) => `/shared/wandbridge_${version}_$(dpkg --print-architecture).deb`

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

interface Status {
  readonly wands: readonly {
    readonly session: { readonly state: string }
    readonly unclosed: readonly { readonly pump: string | null; readonly sentence: string }[]
  }[]
  readonly pumps: readonly { readonly quality: string }[]
}

/** What the running bridge answers on its control socket. */
function status(inside: Container): Status {
  const ask = `const s = require('node:net').connect('${STATE}/control.sock'); let t = ''
    s.write('{"id":1,"do":"status","args":{}}\\n')
    s.on('data', (d) => { t += d; if (t.includes('\\n')) { console.log(t); s.destroy() } })`
  const { code, text } = inside.run(`node -e '${ask.replaceAll("'", `'\\''`)}'`)
  const none = { wands: [], pumps: [] }
  return code === 0 ? ((JSON.parse(text) as { reply?: Status }).reply ?? none) : none
}

async function until<T>(what: string, get: () => T, good: (x: T) => boolean): Promise<T> {
  for (const end = performance.now() + 60_000; ; ) {
    const now = get()
    if (good(now)) return now
    if (performance.now() > end) {
      const log = debian?.run('journalctl -u wandbridge --no-pager | tail -40').text
      throw new Error(`not so: ${what}; last: ${JSON.stringify(now)}\n${log}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 400))
  }
}

const property = (inside: Container, name: string) =>
  inside.must(`systemctl show --value --property ${name} wandbridge`).trim()
const reads = ({ pumps }: Status) => pumps.some(({ quality }) => quality === 'current')

async function whole(inside: Container): Promise<void> {
  const reading = () => until('a pump is read', () => status(inside), reads)

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
  expect(inside.must('stat -c "%a %U %G" /etc/wandbridge/wandbridge.yaml').trim()).toBe(
    '640 root wandbridge',
  )

  // A wand on a line of its own, and a bridge that reads such wands.
  inside.must(`systemctl stop wandbridge && rm -rf ${STATE}/* && mkfifo /run/hands
    cat >/etc/wandbridge/wandbridge.yaml <<'END'\n${configuration()}END
    systemd-run --quiet --unit wand bash -c 'exec wandbridge sim --tcp 127.0.0.1:4001 <>/run/hands'
    systemctl start wandbridge`)
  const hands = (command: object) => inside.must(`echo '${JSON.stringify(command)}' >/run/hands`)
  await reading()

  // Told to read its configuration again in the middle of it.
  const ends = () =>
    inside.must(`cat ${STATE}/audit/simulator-*/*.jsonl`).split('"event":"ended"').length
  const before = ends()
  inside.must(`sed -i 's/format: text/format: json/; s/policy: .*/policy: manual/' /etc/wandbridge/wandbridge.yaml
    systemctl reload wandbridge`)
  const said = inside.must('journalctl -u wandbridge --no-pager -o cat | tail -20')
  expect(said).toMatch(/"about":"configuration","text":"In use now: log."/)
  expect(said).toMatch(/Restart needed for: policy\./)
  expect(reads(status(inside))).toBe(true)
  expect(ends()).toBe(before)
  inside.must(`sed -i 's/policy: .*/policy: continuous/' /etc/wandbridge/wandbridge.yaml`)
  inside.must("echo 'polcy: x' >>/etc/wandbridge/wandbridge.yaml")
  expect(inside.run('systemctl reload wandbridge').code).not.toBe(0)
  inside.must("sed -i '/polcy/d' /etc/wandbridge/wandbridge.yaml")
  expect(reads(status(inside))).toBe(true)

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
  inside.must(`runuser -u wandbridge -- wandbridge audit verify --state-dir ${STATE}`)

  // Hung with a session open, the wand taken away meanwhile: killed, started, told.
  inside.must(`mkdir -p /etc/systemd/system/wandbridge.service.d
    printf '[Service]\\nWatchdogSec=2\\n' >/etc/systemd/system/wandbridge.service.d/test.conf
    systemctl daemon-reload && systemctl restart wandbridge`)
  await reading()
  inside.must(`kill -STOP ${property(inside, 'MainPID')}`)
  hands({ do: 'lift' })
  await until(
    'it is started anew',
    () => property(inside, 'NRestarts'),
    (x) => x === '1',
  )
  expect(inside.must('journalctl -u wandbridge --no-pager')).toMatch(/result 'watchdog'/)
  const left = await until(
    'a session not closed is told',
    () => status(inside).wands.flatMap((wand) => wand.unclosed),
    (all) => all.length > 0,
  )
  expect(left[0]?.pump).toBe('SIM-0001')
  hands({ do: 'place' })
  await reading()
  inside.must('systemctl restart wandbridge')
  await until(
    'it was closed by a confirmed close',
    () => status(inside).wands.flatMap((wand) => wand.unclosed),
    (all) => all.length === 0,
  )

  // Gone but for what belongs to the clinic.
  inside.must('systemctl stop wand; dpkg --no-triggers --remove wandbridge')
  expect(inside.run('systemctl is-active wandbridge').text).not.toMatch(/^active/)
  expect(inside.run('ls /usr/lib/wandbridge /usr/bin/wandbridge').code).not.toBe(0)
  inside.must(
    'rm -r /etc/systemd/system/wandbridge.service.d; dpkg --no-triggers --purge wandbridge',
  )
  expect(inside.run('dpkg --status wandbridge').code).not.toBe(0)
  expect(inside.run('ls /etc/wandbridge').code).not.toBe(0)
  expect(
    inside.must('find /etc /usr /run -name "*wandbridge*" -not -path "/usr/share/doc/*" -xdev'),
  ).toBe('')
  inside.must(`test -d ${STATE}/audit`)
}

// Where no system can be booted its parts are tested alone: tests/deploy/.
if (canBoot || LONG) {
  it(`installs, is restarted ${ROUNDS} times while it reads, is killed when it hangs, is removed`, {
    timeout: LONG ? 3_600_000 : 300_000,
  }, async () => {
    debian = await Container.boot(LONG ? debian13() : '/', packages())
    await whole(debian)
  })
} else it('has a package to be installed', () => expect(packages()).not.toBe(''))

// What doctor makes of a computer: every fault has a sentence that says what it is, what it means for
// the reading and what to do, and the four that people meet are told apart.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { systemEnv } from '../../src/base/env.ts'
import { type Ahead, lookAhead, NODE_ENDS } from '../../src/cli/doctor/ahead.ts'
import { gatherAhead } from '../../src/cli/doctor/ahead-facts.ts'
import { check, type Facts } from '../../src/cli/doctor/checks.ts'
import { mediumOf } from '../../src/cli/doctor/facts.ts'
import type { Finding } from '../../src/cli/doctor/finding.ts'
import { renderFindings } from '../../src/cli/doctor.ts'
import { configSchema } from '../../src/host/config.ts'

const WALL = Date.UTC(2026, 10, 24, 14, 2)
const PORT = {
  path: '/dev/hidraw0',
  wand: 'simulated wand SIMW-0001',
  access: 'ok',
  holders: [],
} as const

const WELL: Facts = {
  platform: 'linux',
  node: '24.1.0',
  hidFault: null,
  udev: {
    running: true,
    rules: '/etc/udev/rules.d/70-wandbridge.rules',
    source: '/src/70-wandbridge.rules',
  },
  ports: [PORT],
  hidden: 0,
  bridge: false,
  state: { dir: '/state', writable: true, freeBytes: 1e9, newest: WALL - 1000 },
  medium: { kind: 'encrypted', name: 'ext4 (/dev/mapper/home)' },
  clock: { wall: WALL, service: 'synchronised' },
}

const of = (facts: Partial<Facts>, level: Finding['level']) =>
  check({ ...WELL, ...facts }).filter((finding) => finding.level === level)

describe('doctor', () => {
  it('finds nothing wrong with a computer that is well', () => {
    expect(of({}, 'wrong')).toEqual([])
    expect(of({}, 'note')).toEqual([])
    expect(renderFindings(check(WELL)).at(-1)).toBe('Nothing is wrong that can be seen from here.')
  })

  it.each<[string, Partial<Facts>, string, string, string]>([
    [
      'no libusb',
      { hidFault: 'libusb-1.0.so.0: cannot open shared object file: No such file or directory' },
      'HID driver',
      'over serial ports they can',
      'apt install libusb-1.0-0',
    ],
    [
      'no udev',
      { udev: { ...WELL.udev, running: false } },
      'udev',
      'nobody gives wands their permissions',
      'Install the package udev',
    ],
    [
      'no permission, no rules',
      { ports: [{ ...PORT, access: 'denied' }], udev: { ...WELL.udev, rules: null } },
      'Access',
      '/dev/hidraw0 (simulated wand SIMW-0001) may not be opened by this user',
      'sudo cp /src/70-wandbridge.rules /etc/udev/rules.d/\nsudo udevadm control --reload\n',
    ],
    [
      'no permission, rules installed',
      { ports: [{ ...PORT, access: 'denied' }] },
      'Access',
      'cannot be read',
      'unplug the wand and plug it in again.\n',
    ],
    [
      'held by another program',
      { ports: [{ ...PORT, holders: [{ pid: 71, name: 'ModemManager' }] }] },
      'Port',
      'held by another program: ModemManager (process 71)',
      'ps -fp 71',
    ],
    [
      'a port that is gone',
      { ports: [{ ...PORT, access: 'absent' }] },
      'Wand',
      'is not there',
      'Plug',
    ],
    [
      'a wand without a file here',
      { ports: [{ ...PORT, access: 'no-file' }] },
      'Wand',
      'as plugged in, but there is no such file here',
      'In a container, give it the device',
    ],
    ['an old Node', { node: '20.18.3' }, 'Node', '20.19 or newer', 'Install Node 24'],
    [
      'a Node with stalling ports',
      { node: '26.3.0' },
      'Node',
      'no data arrives',
      'Install Node 24',
    ],
    [
      'a full disk',
      { state: { ...WELL.state, freeBytes: 5 << 20 } },
      'Disk',
      '5 MiB free: when it is full nothing can be recorded',
      'Make room',
    ],
    [
      'a state directory that cannot be written',
      { state: { ...WELL.state, writable: false } },
      'State dir',
      'nothing can be recorded',
      '--state-dir',
    ],
    [
      'a state directory in memory',
      { medium: { kind: 'memory', name: 'tmpfs (tmpfs)' } },
      'Encryption',
      'gone when the computer stops',
      '--state-dir',
    ],
    [
      'a clock before its time',
      { clock: { ...WELL.clock, wall: 0 } },
      'Clock',
      '1970-01-01',
      'Set',
    ],
    [
      'a clock that went back',
      { state: { ...WELL.state, newest: WALL + 86_400_000 } },
      'Clock',
      'the newest file of the state directory is from 2026-11-25T14:02:00 UTC',
      'Set the clock',
    ],
  ])('says what is wrong, once, and what to do: %s', (_, facts, topic, says, todo) => {
    const wrong = of(facts, 'wrong')
    expect(wrong.map((finding) => finding.topic)).toEqual([topic])
    expect(wrong[0]?.says).toContain(says)
    expect(wrong[0]?.todo).toContain(todo)
  })

  it.each<[string, Partial<Facts>, string, string]>([
    ['no rules', { udev: { ...WELL.udev, rules: null } }, 'udev rules', 'not installed'],
    ['no wand', { ports: [] }, 'Wand', 'No wand is plugged in'],
    ['not root', { hidden: 12 }, 'Port', '12 processes of other users cannot be looked into'],
    [
      'a plain disk',
      { medium: { kind: 'plain', name: 'ext4 (/dev/sda1)' } },
      'Encryption',
      'takes the disk',
    ],
    [
      'an unknown disk',
      { medium: { kind: 'unknown', name: 'overlay (overlay)' } },
      'Encryption',
      'cannot be seen',
    ],
    ['no time service', { clock: { ...WELL.clock, service: null } }, 'Clock', 'No time service'],
    [
      'a time service',
      { clock: { ...WELL.clock, service: { name: 'chronyd' } } },
      'Clock',
      'chronyd',
    ],
  ])('notes without calling it wrong: %s', (_, facts, topic, says) => {
    expect(of(facts, 'wrong')).toEqual([])
    expect(of(facts, 'note').map((f) => [f.topic, f.says])).toEqual([
      [topic, expect.stringContaining(says)],
    ])
  })

  it('asks nothing of udev where there is none by nature', () => {
    const topics = check({ ...WELL, platform: 'win32', hidden: null }).map((f) => f.topic)
    expect(topics).not.toContain('udev')
    expect(topics).toContain('Port')
  })

  it('fits a terminal of 80 columns, whatever it has to say', () => {
    const worst = check({
      ...WELL,
      node: '18.0.0',
      hidFault: 'x'.repeat(40),
      udev: { running: false, rules: null, source: '/a/70-wandbridge.rules' },
      ports: [{ ...PORT, access: 'denied', holders: [{ pid: 1, name: 'a' }] }],
      state: { dir: '/state', writable: true, freeBytes: 1, newest: WALL * 2 },
      medium: { kind: 'plain', name: 'ext4 (/dev/sda1)' },
      clock: { wall: WALL, service: null },
    })
    for (const line of renderFindings(worst)) expect(line.length).toBeLessThanOrEqual(80)
    expect(renderFindings(worst).at(-1)).toMatch(/^7 things are wrong\.$/)
  })
})

describe('what the state directory lies on', () => {
  const root = mkdtempSync(join(tmpdir(), 'wandbridge-medium-'))
  afterAll(() => rmSync(root, { recursive: true }))
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  // A plain root, a home on LUKS, a volume on LVM on LUKS, one on LVM on a plain disk.
  put(
    'proc/self/mountinfo',
    [
      '22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw',
      '23 22 254:0 / /home rw - ext4 /dev/mapper/home rw',
      '24 22 254:1 / /srv/on\\040luks rw - xfs /dev/mapper/vg-a rw',
      '25 22 254:2 / /srv/plain rw - xfs /dev/mapper/vg-b rw',
      '26 22 0:40 / /run rw - tmpfs tmpfs rw',
      '27 22 0:41 / /net rw - nfs4 server:/x rw',
      '28 22 0:42 / /sub rw - btrfs /dev/dm-0 rw',
      '',
    ].join('\n'),
  )
  put('sys/block/sda1/partition', '1\n')
  put('sys/block/dm-0/dm/uuid', 'CRYPT-LUKS2-abc\n')
  put('sys/block/dm-1/dm/uuid', 'LVM-abc\n')
  put('sys/block/dm-2/dm/uuid', 'LVM-def\n')
  const link = (path: string, to: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    symlinkSync(join(root, to), join(root, path))
  }
  link('sys/block/dm-0/slaves/sda1', 'sys/block/sda1')
  link('sys/block/dm-1/slaves/dm-0', 'sys/block/dm-0')
  link('sys/block/dm-2/slaves/sda1', 'sys/block/sda1')
  link('sys/dev/block/8:1', 'sys/block/sda1')
  for (const n of [0, 1, 2]) link(`sys/dev/block/254:${n}`, `sys/block/dm-${n}`)
  link('sys/class/block/dm-0', 'sys/block/dm-0')

  it.each([
    ['/', 'plain'],
    ['/var/lib', 'plain'],
    ['/home/a/state', 'encrypted'],
    ['/homework', 'plain'],
    ['/srv/on luks/x', 'encrypted'],
    ['/srv/plain', 'plain'],
    ['/run/x', 'memory'],
    ['/net/x', 'unknown'],
    ['/sub/x', 'encrypted'],
  ])('%s: %s', async (dir, kind) => {
    expect((await mediumOf(dir, root)).kind).toBe(kind)
  })

  it('is unknown where nothing describes it', async () => {
    expect((await mediumOf('/x', join(root, 'none'))).kind).toBe('unknown')
  })
})

describe('what is ahead', () => {
  const DAY = 86_400_000
  const GOOD: Ahead = {
    wall: WALL,
    node: '24.1.0',
    disk: { freeBytes: 100 * 2 ** 30, grown: { bytes: 30 << 20, days: 30 } },
    key: 'kept',
    certificates: [{ setting: 'http.tls.cert', file: '/cert.pem', until: WALL + 90 * DAY }],
  }
  const levels = (facts: Partial<Ahead>) =>
    lookAhead({ ...GOOD, ...facts }).map(({ topic, level }) => `${topic}: ${level}`)
  const well = ['Node ahead: ok', 'Disk ahead: ok', 'Key: ok', 'Certificate: ok']

  it('is nothing where all is well for years', () => expect(levels({})).toEqual(well))

  it.each([
    [20, 'wrong'],
    [31 * 8, 'note'],
    [800, 'ok'],
  ])('a disk that is full in %s days is %s, with the day', (days, level) => {
    const grown = { bytes: 30 << 20, days: 30 }
    const disk = { freeBytes: days * (1 << 20), grown }
    const [, one] = lookAhead({ ...GOOD, disk })
    expect(one?.level).toBe(level)
    expect(one?.says).toContain('grows by 30 MiB a month')
    expect(one?.says).toContain(new Date(WALL + days * DAY).toISOString().slice(0, 10))
  })

  it('looks at the certificates of the way to the broker', async () => {
    const tls = { cert: '/none/cert.pem', ca: '/none/ca.pem' }
    const fleet = { servers: ['tls://broker.example'], site: 'a', tls }
    const settings = { ...configSchema.parse({ fleet }), stateDir: '/none' }
    const { certificates } = await gatherAhead(systemEnv(), settings, null)
    expect(certificates.map(({ setting }) => setting)).toEqual(['fleet.tls.cert', 'fleet.tls.ca'])
  })

  it('says nothing of a log that is younger than a day', () =>
    expect(levels({ disk: { freeBytes: 1, grown: null } })).toEqual(
      well.filter((one) => !one.startsWith('Disk')),
    ))

  it.each([
    ['open', 'wrong'],
    ['unreadable', 'wrong'],
    ['missing', 'note'],
  ] as const)('a key that is %s is %s', (key, level) =>
    expect(levels({ key })).toContain(`Key: ${level}`),
  )

  it.each<[number | string, string]>([
    [WALL - DAY, 'wrong'],
    [WALL + 30 * DAY, 'wrong'],
    [WALL + 32 * DAY, 'ok'],
    ['no start line', 'wrong'],
  ])('a certificate until %s is %s', (until, level) => {
    const certificates = [{ setting: 'http.tls.cert', file: '/cert.pem', until }]
    expect(levels({ certificates })).toContain(`Certificate: ${level}`)
  })

  it('a Node without fixes is noted, two months before it is so', () => {
    for (const [major, end] of Object.entries(NODE_ENDS)) {
      const at = (days: number) =>
        levels({ node: `${major}.1.0`, wall: Date.parse(end) + days * DAY })[0]
      expect([at(-100), at(-50), at(1)]).toEqual([
        ...['Node ahead: ok', 'Node ahead: note', 'Node ahead: note'],
      ])
    }
    expect(levels({ node: '23.1.0' })[0]).toBe('Node ahead: note')
  })
})

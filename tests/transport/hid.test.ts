// A HID port over node-hid's surface: it opens once, ends once whatever way the device goes, never
// waits without a limit, and says in words why it cannot be opened.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { MAX_OUTSTANDING, REPORT_SIZE } from '../../protocol/framing/hid-report.ts'
import { VirtualEnv } from '../../src/base/env.ts'
import { hidSource } from '../../src/transport/hid.ts'
import { loadHidDriver } from '../../src/transport/hid-driver.ts'
import type { PortEnd, PortError, WandPort } from '../../src/transport/port.ts'
import { FakeHid, fakeDriver, type UnplugHabit } from './fake-hid.ts'

/** Names of their own, so that no test holds another's lock. */
let number = 0
let path = ''
let env = new VirtualEnv()
beforeEach(() => {
  number += 1
  path = `/dev/fake-hidraw-${process.pid}-${number}`
  env = new VirtualEnv()
})

const uncaught: unknown[] = []
const note = (error: unknown) => void uncaught.push(error)
beforeAll(() => void process.on('uncaughtException', note))
afterAll(() => void process.off('uncaughtException', note))
afterEach(async () => {
  await new Promise((resolve) => setImmediate(resolve))
  expect(uncaught.splice(0)).toEqual([])
})

interface Heard {
  reports: Uint8Array[]
  ends: PortEnd[]
  messages: string[]
}

async function listen(port: WandPort): Promise<Heard> {
  const heard: Heard = { reports: [], ends: [], messages: [] }
  await port.open({
    data: (bytes) => void heard.reports.push(bytes),
    ended: (end, message) => {
      heard.ends.push(end)
      heard.messages.push(message)
    },
  })
  return heard
}

async function opened(hid = new FakeHid()) {
  const fake = fakeDriver(() => hid)
  const source = hidSource(path, { env, driver: fake.driver })
  const port = source.create()
  return { ...fake, hid, source, port, heard: await listen(port) }
}

/** Real time for promises of the lock, virtual time for the port's own timers. */
async function closed(port: WandPort): Promise<void> {
  let done = false
  const closing = port.close().then(() => {
    done = true
  })
  await vi.waitFor(async () => {
    await env.advance(50)
    expect(done).toBe(true)
  })
  await closing
}

const failure = (port: WandPort) =>
  listen(port).then(
    () => {
      throw new Error('it opened')
    },
    (error: PortError) => error,
  )

const report = (n: number) => new Uint8Array(REPORT_SIZE).fill(n)

describe('an open HID port', () => {
  it('puts the report id in front of what goes out and takes it off what comes in', async () => {
    const { hid, port, heard } = await opened()
    port.write(Uint8Array.from([...report(1), ...report(2)]))
    hid.emit('data', Buffer.from([0, ...report(3)]))
    hid.emit('data', Buffer.from(report(4)))
    hid.emit('data', Buffer.from([0, 1]))
    await env.advance(1)
    expect(hid.written).toEqual([Buffer.from([0, ...report(1)]), Buffer.from([0, ...report(2)])])
    expect(heard.reports.map((r) => [...r])).toEqual([[...report(3)], [...report(4)], [0, 1]])
    await closed(port)
    expect(heard.ends).toEqual(['closed'])
    port.write(report(5))
    expect(hid.written).toHaveLength(2)
  })

  it.each<UnplugHabit>(['read-error', 'write-error', 'silent'])(
    'ends once as unplugged, and the device is let go of: %s',
    async (habit) => {
      const { hid, source, port, heard } = await opened()
      hid.habit = habit
      hid.unplug()
      if (habit === 'write-error') port.write(report(1))
      await env.advance(2_100)
      expect(heard.ends).toEqual(['unplugged'])
      expect(heard.messages[0]).toContain(path)
      port.write(report(2))
      hid.habit = 'read-error'
      hid.unplug()
      await closed(port)
      expect(heard.ends).toEqual(['unplugged'])
      expect(hid.closed).toBe(true)
      const next = source.create()
      await listen(next)
      await closed(next)
    },
  )

  it('is looked for in the list only when it is silent, once a second', async () => {
    const { hid, port, looks } = await opened()
    for (let i = 0; i < 50; i += 1) {
      hid.emit('data', Buffer.from(report(1)))
      await env.advance(100)
    }
    expect(looks).toEqual([])
    await env.advance(5_000)
    expect(looks.length).toBeGreaterThanOrEqual(4)
    expect(looks.length).toBeLessThanOrEqual(6)
    await closed(port)
    await env.advance(5_000)
    expect(looks.length).toBeLessThanOrEqual(6)
  })

  it('has 16 reports on the way at most, and ends when the wand takes none', async () => {
    const { hid, port, heard } = await opened()
    hid.stalled = true
    for (let i = 0; i < MAX_OUTSTANDING + 4; i += 1) port.write(report(i))
    await env.advance(1)
    expect(hid.writing).toBe(MAX_OUTSTANDING)
    hid.flow()
    await env.advance(1)
    expect(hid.written.map((r) => r[1])).toEqual(
      Array.from({ length: MAX_OUTSTANDING + 4 }, (_, i) => i),
    )
    expect(hid.mostWriting).toBe(MAX_OUTSTANDING)
    hid.stalled = true
    for (let i = 0; i < 100; i += 1) port.write(report(i))
    expect(heard.ends).toEqual(['failed'])
    expect(heard.messages[0]).toContain('takes no more reports')
    hid.flow()
    await closed(port)
  })

  it('closes within a second when the driver never does, and is kept from others until then', async () => {
    const { hid, source, port, heard } = await opened()
    hid.stuck = true
    const began = env.monotonic()
    await closed(port)
    expect(env.monotonic() - began).toBeLessThanOrEqual(1_000)
    expect(heard.ends).toEqual(['closed'])
    // The old handle still takes reports: a second one beside it would lose half of them.
    let open = false
    const next = source.create()
    void listen(next).then(() => {
      open = true
    })
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(open).toBe(false)
  })

  it('may be closed in the very tick in which it opened', async () => {
    const hid = new FakeHid()
    const port = hidSource(path, { env, driver: fakeDriver(() => hid).driver }).create()
    await listen(port).then(() => port.close())
    await closed(port)
    expect(hid.closed).toBe(true)
  })
})

describe('a HID port that cannot be opened', () => {
  it('is busy while another port has the device, and free at once afterwards', async () => {
    const first = await opened()
    const error = await failure(first.source.create())
    expect([error.end, error.message]).toEqual(['busy', expect.stringContaining('another bridge')])
    void first.port.close()
    const second = await opened()
    await closed(second.port)
  })

  it('closed before it was open never opens, and lets the device go', async () => {
    let asked = () => {}
    const whenAsked = new Promise<void>((resolve) => (asked = resolve))
    let go: (hid: FakeHid) => void = () => {}
    const fake = fakeDriver(() => {
      asked()
      return new Promise<FakeHid>((resolve) => (go = resolve))
    })
    const port = hidSource(path, { env, driver: fake.driver }).create()
    const opening = failure(port)
    await whenAsked
    await closed(port)
    const hid = new FakeHid()
    go(hid)
    expect((await opening).end).toBe('closed')
    await vi.waitFor(() => expect(hid.closed).toBe(true))
    const next = await opened()
    await closed(next.port)
  })

  it('leaves another kind of HID device alone: nothing is written to it', async () => {
    const hid = new FakeHid()
    hid.info = { usagePage: 1, usage: 6 }
    const error = await failure(
      hidSource(path, { env, driver: fakeDriver(() => hid).driver }).create(),
    )
    expect([error.end, error.message]).toEqual(['failed', expect.stringContaining('no wand')])
    expect([hid.written, hid.closed]).toEqual([[], true])
  })

  it.each<[string, unknown, PortEnd, string]>([
    [
      'no libusb',
      new Error('libusb-1.0.so.0: cannot open shared object file: No such file or directory'),
      'failed',
      'install the package libusb-1.0-0',
    ],
    ['no native part', new Error('No native build was found for platform=x'), 'failed', 'serial'],
    [
      'no right',
      new Error('cannot open device with path /dev/x: Failed to open …: Permission denied'),
      'denied',
      'wandbridge doctor',
    ],
    [
      'no right, by code',
      Object.assign(new Error('EACCES: x'), { code: 'EACCES' }),
      'denied',
      'udev',
    ],
    ['no device', 'cannot open device with path 1-1:1.2', 'failed', 'cannot open'],
    ['gone', new Error('ENOENT: no such file or directory'), 'absent', 'plugged in?'],
    ['taken', 'LIBUSB_ERROR_BUSY', 'busy', 'another program'],
    ['no words', undefined, 'failed', 'undefined'],
  ])('says so: %s', async (_, thrown, end, words) => {
    const fake = fakeDriver(() => Promise.reject(thrown))
    const source = hidSource(path, { env, driver: fake.driver })
    for (let i = 0; i < 2; i += 1) {
      const error = await failure(source.create())
      expect([error.end, error.message]).toEqual([end, expect.stringContaining(words)])
      expect(error.message).toContain(path)
    }
  })

  it.each([
    ['Permission denied', /udev|doctor/],
    ['libusb-1.0.so.0: cannot open shared object file', /Debian|package/],
  ])('gives advice for Linux on Linux only: %s', async (says, advice) => {
    const here = process.platform
    const told = async (platform: NodeJS.Platform) => {
      Object.defineProperty(process, 'platform', { value: platform })
      const fake = fakeDriver(() => Promise.reject(new Error(says)))
      return (await failure(hidSource(path, { env, driver: fake.driver }).create())).message
    }
    try {
      expect(await told('linux')).toMatch(advice)
      for (const other of ['win32', 'darwin'] as const) {
        const message = await told(other)
        expect(message).not.toMatch(advice)
        expect(message).not.toContain('Linux')
        expect(message).toContain(path)
      }
    } finally {
      Object.defineProperty(process, 'platform', { value: here })
    }
  })

  it('is absent through the real driver where there is no such device', async () => {
    const error = await failure(hidSource('/dev/no-such-hidraw').create())
    expect(error.end).toBe('absent')
    // One process, one driver.
    await loadHidDriver('/dev/no-such-hidraw')
    const other = await failure(hidSource('1-1:1.2').create())
    expect(other.message).toMatch(/already reads a wand through hidraw/)
  })
})

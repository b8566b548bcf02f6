// The control socket: one bridge a state directory, answers to its owner, survives nonsense.
import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemEnv } from '../../src/base/env.ts'
import { lockFile } from '../../src/base/lock.ts'
import { controlAddress } from '../../src/control/address.ts'
import { ask, ControlConnection } from '../../src/control/client.ts'
import { AlreadyRunning, ControlServer, type Handlers } from '../../src/control/server.ts'

const env = systemEnv()
/** A bridge that gives links and nothing else. */
const handlers = new Proxy({} as Handlers, {
  get: (_, name) => async () => {
    if (name === 'open') return 'http://127.0.0.1/open/1'
    throw new Error(`not ${String(name)}`)
  },
})
let dir = ''
let open: ControlServer[] = []

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'wandbridge-control-'))
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()))
  rmSync(dir, { recursive: true, force: true })
})

async function listen(stateDir = dir, own: Handlers | null = handlers): Promise<ControlServer> {
  const server = await ControlServer.listen(env, stateDir, () => own)
  open.push(server)
  return server
}

async function say(lines: string[]): Promise<unknown[]> {
  const socket = connect(controlAddress(dir))
  socket.setEncoding('utf8')
  let text = ''
  socket.on('data', (t: string) => {
    text += t
  })
  for (const line of lines) socket.write(line)
  await expect.poll(() => text.split('\n').length - 1).toBe(lines.length)
  socket.destroy()
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

describe('ControlServer', () => {
  it('answers requests and only those it knows', async () => {
    await listen()
    const answers = await say([
      '{"id":1,"do":"open","args":{}}\n',
      'nonsense\n',
      '{"id":3,"do":"program","args":{}}\n',
      '{"id":4,"do":"interrogate","args":{"port":"/dev/x"}}\n',
    ])
    expect(answers).toContainEqual({ id: 1, reply: 'http://127.0.0.1/open/1' })
    expect(answers).toContainEqual({ id: null, error: 'That line is no request.' })
    expect(answers).toContainEqual({ id: 3, error: expect.stringMatching(/does not know program/) })
    expect(answers).toContainEqual({ id: 4, error: expect.stringMatching(/in another form/) })
  })

  it('gives each of many askers on one connection its own reply, and says why there is none', async () => {
    const slow = new Map<string, () => void>()
    await listen(dir, {
      ...handlers,
      open: () => 'a link',
      delivery: () => Promise.reject(new Error('There is no destination.')),
      interrogate: ({ ports = [] }) =>
        new Promise((resolve) => {
          const [port = ''] = ports
          const outcome = { kind: 'failed' as const, why: [], sentence: port }
          slow.set(port, () => resolve([{ port, outcome }]))
        }),
    })
    const control = await ControlConnection.open(dir)
    const one = control?.ask('interrogate', { ports: ['one'], readMs: 1_000 })
    const two = control?.ask('interrogate', { ports: ['two'], readMs: 1_000 })
    expect(await control?.ask('open', {})).toBe('a link')
    await expect(control?.ask('delivery', {})).rejects.toMatchObject({
      why: 'refused',
      message: 'There is no destination.',
    })
    slow.get('two')?.()
    expect(await two).toMatchObject([{ port: 'two' }])
    slow.get('one')?.()
    expect(await one).toMatchObject([{ port: 'one' }])
    control?.close()
  })

  it('is asked again while it starts', async () => {
    await listen(dir, null)
    await expect(ask(dir, 'open', {})).rejects.toThrow('The bridge is starting. Ask again.')
  })

  it.each([
    ['of another form', { reply: { link: 'x' } }],
    ['that are no answers', { answer: 'x' }],
  ])('is of another version when it gives replies %s: none is shown', async (_, line) => {
    const server = createServer((socket) => {
      socket.on('data', () => socket.write(`${JSON.stringify({ id: 1, ...line })}\n`))
    }).listen(controlAddress(dir))
    await new Promise((resolve) => server.once('listening', resolve))
    await expect(ask(dir, 'open', {})).rejects.toMatchObject({
      why: 'not-understood',
      message: expect.stringMatching(/another version.*Restart the bridge/),
    })
    server.close()
  })

  it('is for its owner only', async () => {
    await listen()
    expect(statSync(controlAddress(dir)).mode & 0o777).toBe(0o600)
  })

  it('is a lock: the second is refused, and the directory is free again after the first', async () => {
    const first = await listen()
    await expect(listen()).rejects.toBeInstanceOf(AlreadyRunning)
    await first.close()
    open = []
    await listen()
  })

  it('lets exactly one of many that start at once have it', async () => {
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => listen()))
    expect(tries.filter((t) => t.status === 'fulfilled')).toHaveLength(1)
    for (const t of tries)
      if (t.status === 'rejected') expect(t.reason).toBeInstanceOf(AlreadyRunning)
  })

  it('takes over what a killed bridge has left', async () => {
    // A socket file nobody listens on: what remains after kill -9.
    const stale = createServer().listen(controlAddress(dir))
    await new Promise((resolve) => stale.once('listening', resolve))
    writeFileSync(`${controlAddress(dir)}.note`, '')
    await new Promise((resolve) => {
      stale.close(resolve)
    })
    writeFileSync(controlAddress(dir), '')
    await listen()
    expect(await say(['{"id":1,"do":"open"}\n'])).toHaveLength(1)
  })

  it('does not wait for a start that is not: a left-over lock that is a dangling link', async () => {
    symlinkSync('/nowhere/at/all', `${controlAddress(dir)}.takeover`)
    await listen()
    expect(await say(['{"id":1,"do":"open"}\n'])).toHaveLength(1)
  })

  it('says what is in the way when another start does not come to an end', async () => {
    const release = await lockFile(`${controlAddress(dir)}.takeover`)
    await expect(listen()).rejects.toThrow(/control\.sock\.takeover is held by process \d+\./)
    await release()
  })

  it('cuts off who sends a line without end, and goes on', async () => {
    await listen()
    const socket = connect(controlAddress(dir))
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.on('error', () => {})
    socket.write('x'.repeat(100_000))
    await closed
    expect(await say(['{"id":1,"do":"open"}\n'])).toHaveLength(1)
  })

  it('tells its clients goodbye when it closes', async () => {
    let asked = () => {}
    const reached = new Promise<void>((resolve) => {
      asked = resolve
    })
    const never = new Promise<never>(() => {})
    const server = await listen(dir, {
      ...handlers,
      open: () => {
        asked()
        return never
      },
    })
    const waiting = expect(ask(dir, 'open', {})).rejects.toMatchObject({ why: 'ended' })
    await reached
    await server.close()
    await waiting
    open = []
  })
})

describe('controlAddress', () => {
  it('fits a socket however deep the state directory lies', () => {
    const deep = join(dir, 'd'.repeat(200), 'state')
    const address = controlAddress(deep)
    expect(Buffer.byteLength(address)).toBeLessThanOrEqual(104)
    expect(controlAddress(join(dir, 'e'.repeat(200), 'state'))).not.toBe(address)
  })

  it('is null for a client where no bridge runs', async () => {
    expect(await ControlConnection.open(dir)).toBeNull()
  })
})

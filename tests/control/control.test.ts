// The control socket: one bridge a state directory, answers to its owner, survives nonsense.
import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemEnv } from '../../src/base/env.ts'
import { lockFile } from '../../src/base/lock.ts'
import { controlAddress } from '../../src/control/address.ts'
import { ControlConnection } from '../../src/control/client.ts'
import { AlreadyRunning, type ControlHandler, ControlServer } from '../../src/control/server.ts'

const env = systemEnv()
const echo: ControlHandler = { handle: (request, client) => client.send({ got: request }) }
let dir = ''
let open: ControlServer[] = []

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'wandbridge-control-'))
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()))
  rmSync(dir, { recursive: true, force: true })
})

async function listen(stateDir = dir, handler = echo): Promise<ControlServer> {
  const server = await ControlServer.listen(env, stateDir, handler)
  open.push(server)
  return server
}

async function ask(lines: string[]): Promise<unknown[]> {
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
    const answers = await ask([
      '{"do":"status"}\n',
      'nonsense\n',
      '{"do":"program"}\n',
      '{"do":"interrogate","port":"/dev/x"}\n',
    ])
    expect(answers[0]).toEqual({ got: { do: 'status' } })
    expect(answers[1]).toHaveProperty('error')
    expect(answers[2]).toHaveProperty('error')
    expect(answers[3]).toMatchObject({ got: { do: 'interrogate', port: '/dev/x' } })
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
    expect(await ask(['{"do":"status"}\n'])).toHaveLength(1)
  })

  it('does not wait for a start that is not: a left-over lock that is a dangling link', async () => {
    symlinkSync('/nowhere/at/all', `${controlAddress(dir)}.takeover`)
    await listen()
    expect(await ask(['{"do":"status"}\n'])).toHaveLength(1)
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
    expect(await ask(['{"do":"watch"}\n'])).toHaveLength(1)
  })

  it('tells its clients goodbye when it closes', async () => {
    const server = await listen()
    const client = await ControlConnection.open(dir)
    client?.send({ do: 'status' })
    const said: unknown[] = []
    const reading = (async () => {
      for await (const answer of client?.answers() ?? []) {
        said.push(answer)
        if (said.length === 1) void server.close()
      }
    })()
    await reading
    open = []
    expect(said.at(-1)).toEqual({ bye: 'shutdown' })
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

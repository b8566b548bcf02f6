// The wand on a real terminal, opened with the library that the host uses. Linux and macOS.

import { once } from 'node:events'
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SerialPort } from 'serialport'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Simulator, SimulatorError, startSimulator } from '../../../simulator/index.ts'
import { fakeWorld } from '../world.ts'
import { HELLO_LINE, isHelloReply } from './hello.ts'

let directory: string
let running: Simulator[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wandbridge-pty-'))
})

afterEach(async () => {
  for (const simulator of running) await simulator.stop()
  running = []
  rmSync(directory, { recursive: true })
})

async function start(link?: string, wands = 1): Promise<Simulator> {
  const port = { kind: 'pty' as const, ...(link ? { link } : {}) }
  const simulator = await startSimulator({ world: fakeWorld(), wands, ports: [port] })
  running.push(simulator)
  return simulator
}

async function open(path: string): Promise<SerialPort> {
  const port = new SerialPort({ path, baudRate: 115_200, autoOpen: false })
  await new Promise<void>((resolve, reject) =>
    port.open((error) => (error ? reject(error) : resolve())),
  )
  // The library notices that a device has gone only while somebody reads.
  port.on('data', () => {})
  return port
}

async function hello(port: SerialPort): Promise<string> {
  let text = ''
  const collect = (part: Buffer) => {
    text += part.toString('latin1')
  }
  port.on('data', collect)
  port.write(HELLO_LINE)
  while (!text.endsWith('\r\n')) await once(port, 'data')
  port.off('data', collect)
  return text
}

const close = (port: SerialPort) => new Promise<void>((resolve) => port.close(() => resolve()))

describe.runIf(process.platform !== 'win32')('a wand on a pseudo-terminal', () => {
  it('answers, and answers the next opener without a byte of the last one', async () => {
    const simulator = await start()
    const path = simulator.describe()[0]?.path as string
    expect(path).toMatch(/^\/dev\//)
    for (let i = 0; i < 4; i += 1) {
      const port = await open(path)
      expect(isHelloReply(await hello(port))).toBe(true)
      // A reply that nobody reads any more, and half a request. One write: serialport's drain waits for
      // the one that is under way, not for those behind it, and they would meet a closed file.
      port.write(`${HELLO_LINE}:01020304`)
      await new Promise((resolve) => port.drain(resolve))
      await close(port)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  })

  it('is slow as a serial line is', async () => {
    const simulator = await start()
    const port = await open(simulator.describe()[0]?.path as string)
    await hello(port)
    const began = performance.now()
    for (let i = 0; i < 10; i += 1) await hello(port)
    // Request and reply: 43 + 163 characters at 11.5 a millisecond.
    expect(performance.now() - began).toBeGreaterThan(10 * 17)
    await close(port)
  })

  it('vanishes when it is unplugged, and comes back at the same link', async () => {
    const link = join(directory, 'wand')
    const simulator = await start(link)
    expect(simulator.describe()[0]?.path).toBe(link)
    const port = await open(link)
    await hello(port)
    // A read that finds the device gone at once never ends in serialport 13; one that waits does.
    await new Promise((resolve) => setTimeout(resolve, 50))
    const gone = once(port, 'close')
    const target = readlinkSync(link)
    await simulator.command({ do: 'unplug' })
    const [error] = (await gone) as [{ disconnected?: boolean } | null]
    expect(error?.disconnected).toBe(true)
    expect(existsSync(link)).toBe(false)
    await expect(open(link)).rejects.toThrow()
    await simulator.command({ do: 'plug' })
    expect(readlinkSync(link)).toMatch(/^\/dev\//)
    expect(target).toMatch(/^\/dev\//)
    const again = await open(link)
    expect(isHelloReply(await hello(again))).toBe(true)
    await close(again)
    await simulator.stop()
    expect(() => lstatSync(link)).toThrow('ENOENT')
  })

  it('never hangs on a host that does not read', async () => {
    const simulator = await start()
    const port = await open(simulator.describe()[0]?.path as string)
    port.pause()
    for (let i = 0; i < 50; i += 1) port.write(HELLO_LINE)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(await simulator.command({ do: 'lift' })).toMatchObject({ ok: true })
    await close(port)
  })

  it('replaces a link that a dead simulator has left, and nothing else', async () => {
    const link = join(directory, 'wand')
    symlinkSync('/dev/pts/99999', link)
    const simulator = await start(link)
    expect(readlinkSync(link)).not.toBe('/dev/pts/99999')
    await simulator.stop()

    for (const make of [
      () => writeFileSync(link, 'mine'),
      () => symlinkSync('/etc/hostname', link),
    ]) {
      make()
      const failing = start(link)
      await expect(failing).rejects.toThrow(SimulatorError)
      await expect(failing).rejects.toMatchObject({
        reason: 'link',
        message: expect.stringContaining(link),
      })
      expect(lstatSync(link)).toBeTruthy()
      rmSync(link)
    }
    await expect(start(join(directory, 'no', 'such', 'wand'))).rejects.toMatchObject({
      reason: 'link',
    })
  })

  it('numbers the links of several wands', async () => {
    const link = join(directory, 'wand')
    const simulator = await start(link, 2)
    expect(simulator.describe().map((line) => line.path)).toEqual([`${link}-1`, `${link}-2`])
    const port = await open(`${link}-1`)
    expect(isHelloReply(await hello(port))).toBe(true)
    await close(port)
  })
})

// The USB/IP server on real sockets, with a client of its own: who gets which wand, both interfaces
// of it, what each fault looks like to a host, and what hostile clients get.
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { decodePdu, type Pdu, wholePdu } from '../../../protocol/codec/pdu.ts'
import { ReportEncoder } from '../../../protocol/framing/hid-report.ts'
import { ReportStream } from '../../../protocol/framing/report-stream.ts'
import { decodeLine } from '../../../protocol/framing/serial-line.ts'
import { USB_SIMULATOR } from '../../../protocol/usb.ts'
import { type Simulator, startSimulator } from '../../../simulator/index.ts'
import { fakeWorld } from '../world.ts'
import { HELLO_LINE, isHelloReply } from './hello.ts'
import {
  cmdSubmit,
  importDevice,
  listDevices,
  OP_REQ_IMPORT,
  opRequest,
  UsbipClient,
} from './usb/client.ts'

const LONG = process.env.WANDBRIDGE_LONG === '1'
const [NOTIFY, SERIAL, HID] = [1, 2, 3]
const STALL = -32
const NO_ANSWER = -71
/** GET_DESCRIPTOR of the device. */
const DEVICE = [0x80, 0x06, 0x0100, 0, 18] as const

let running: Simulator[] = []
let clients: UsbipClient[] = []

afterEach(async () => {
  for (const client of clients) client.close()
  for (const simulator of running) await simulator.stop()
  clients = []
  running = []
})

async function start(wands = 1): Promise<{ simulator: Simulator; port: number }> {
  const simulator = await startSimulator({
    world: fakeWorld(),
    wands,
    ports: [{ kind: 'usbip', port: 0, attach: false }],
  })
  running.push(simulator)
  const port = Number(/:(\d+)\//.exec(simulator.describe()[0]?.path ?? '')?.[1])
  return { simulator, port }
}

async function take(port: number, busId = '1-1'): Promise<UsbipClient> {
  const client = await importDevice(port, busId)
  if (!(client instanceof UsbipClient)) throw new Error(`import: status ${client}`)
  clients.push(client)
  expect((await client.configure()).status).toBe(0)
  return client
}

/** The reply to a HELLO over the serial interface, as a line. */
async function overSerial(client: UsbipClient): Promise<string> {
  const sent = client.out(SERIAL, Buffer.from(HELLO_LINE))
  let text = ''
  while (!text.endsWith('\r\n')) text += (await client.in(SERIAL, 128)).data.toString('latin1')
  expect(await sent).toMatchObject({ status: 0, actual: HELLO_LINE.length })
  return text
}

/** Its counter runs on as long as the interface is open. */
const encoders = new WeakMap<UsbipClient, ReportEncoder>()
function encoderOf(client: UsbipClient): ReportEncoder {
  const encoder = encoders.get(client) ?? new ReportEncoder()
  encoders.set(client, encoder)
  return encoder
}

const HELLO_PDU = decodeLine(Buffer.from(HELLO_LINE, 'latin1')) as Uint8Array

/** The reply to a HELLO over the HID interface. */
async function overHid(client: UsbipClient): Promise<Pdu> {
  await client.out(HID, encoderOf(client).encode(HELLO_PDU))
  const replies: Pdu[] = []
  const stream = new ReportStream({
    pdu: (header, raw) => void replies.push(wholePdu(header, raw)),
    discarded: (reason) => {
      throw new Error(reason)
    },
  })
  while (replies.length === 0) {
    const { data, status } = await client.in(HID)
    expect([status, data.length]).toEqual([0, 64])
    stream.push(data)
  }
  expect(replies[0]?.link).toBe(0x5151)
  return replies[0] as Pdu
}

describe('the list', () => {
  it('tells of every wand what it is, before anybody takes it', async () => {
    const { simulator, port } = await start(3)
    expect(simulator.describe()[1]).toEqual({
      simulator: true,
      kind: 'usbip',
      wand: 'SIMW-0002',
      pump: 'SIM-1001',
      path: `usbip://127.0.0.1:${port}/1-2`,
      usb: {
        attach: `usbip --tcp-port ${port} attach -r 127.0.0.1 -b 1-2`,
        why: 'this was not asked for',
      },
    })
    const listed = await listDevices(port)
    expect(listed.map((one) => one.busId)).toEqual(['1-1', '1-2', '1-3'])
    expect(new Set(listed.map((one) => one.id)).size).toBe(3)
    const { vendorId, productId } = USB_SIMULATOR
    expect(listed[0]).toMatchObject({ speed: 2, vendorId, productId })
    expect(listed[0]?.interfaces).toEqual([
      [2, 2, 0],
      [10, 0, 0],
      [3, 0, 0],
    ])
  })

  it('has only what can be taken: not a taken wand, not one whose cable is out', async () => {
    const { simulator, port } = await start(3)
    const taken = await take(port, '1-2')
    await simulator.command({ do: 'unplug', wand: 2 })
    const ids = async () => (await listDevices(port)).map((one) => one.busId)
    expect(await ids()).toEqual(['1-1'])
    expect(await importDevice(port, '1-2')).toBe(2)
    expect(await importDevice(port, '1-3')).toBe(4)
    expect(await importDevice(port, '9-9')).toBe(4)
    taken.close()
    await simulator.command({ do: 'plug', wand: 2 })
    await expect.poll(ids).toEqual(['1-1', '1-2', '1-3'])
    await take(port, '1-2')
  })
})

describe('a wand on USB', () => {
  it('answers on both interfaces, one after the other and at once', async () => {
    const { port } = await start()
    const client = await take(port)
    const notification = client.in(NOTIFY, 16)
    expect(isHelloReply(await overSerial(client))).toBe(true)
    await overHid(client)
    const [line, pdu] = await Promise.all([overSerial(client), overHid(client)])
    expect(isHelloReply(line)).toBe(true)
    const fromLine = decodePdu(decodeLine(Buffer.from(line, 'latin1')) as Uint8Array) as Pdu
    expect(Buffer.compare(fromLine.payload, pdu.payload)).toBe(0)
    expect(await Promise.race([notification, wait(20, 'nothing')])).toBe('nothing')
    expect(client.strays).toEqual([])
  })

  it('is each its own wand', async () => {
    const { port } = await start(2)
    for (const [i, busId] of ['1-1', '1-2'].entries()) {
      const client = await take(port, busId)
      const { data } = await client.control([0x80, 6, 0x0303, 0x0409, 255])
      expect(data.subarray(2).toString('utf16le')).toBe(`SIMW-000${i + 1}`)
      const reply = decodePdu(
        decodeLine(Buffer.from(await overSerial(client), 'latin1')) as Uint8Array,
      ) as Pdu
      expect(Buffer.from(reply.payload).toString('latin1')).toContain(`SIMW-000${i + 1}`)
    }
  })

  it('lets transfers be taken back, and tells when it is too late', async () => {
    const { port } = await start()
    const client = await take(port)
    const waiting = client.submit(1, HID, 64)
    expect(await client.unlink(waiting.seq)).toBe(-104)
    expect(await client.unlink(waiting.seq)).toBe(0)
    expect(await client.unlink(4711)).toBe(0)
    const done = client.submit(0, SERIAL, 2, { data: Buffer.from('\r\n') })
    await done.ended
    expect(await client.unlink(done.seq)).toBe(0)
    // The reply is not lost to a transfer that was taken back.
    await overHid(client)
    expect(client.strays).toEqual([])
    expect(client.waiting).toBe(0)
  })

  it('stalls endpoints that it does not have', async () => {
    const { port } = await start()
    const client = await take(port)
    for (const endpoint of [4, 9, 15]) {
      expect((await client.in(endpoint)).status).toBe(STALL)
      expect((await client.out(endpoint, new Uint8Array(3))).status).toBe(STALL)
    }
    expect((await client.out(NOTIFY, new Uint8Array(3))).status).toBe(STALL)
    expect((await client.control([0xc0, 0x33, 0, 0, 64])).status).toBe(STALL)
  })

  it('vanishes when the cable is pulled, is back when it is plugged in, and starts afresh', async () => {
    const { simulator, port } = await start()
    const client = await take(port)
    const waiting = client.submit(1, HID, 64)
    await simulator.command({ do: 'unplug' })
    await client.ended
    expect(await Promise.race([waiting.ended, wait(10, 'never')])).toBe('never')
    expect(await importDevice(port, '1-1')).toBe(4)
    await simulator.command({ do: 'plug' })
    const again = await take(port)
    await overHid(again)
  })

  it('answers what a kernel still asks while the cable is pulled: it would wait for five seconds', async () => {
    const { simulator, port } = await start()
    const client = await take(port)
    await simulator.command({ do: 'unplug' })
    // As a hub does that was in the middle of finding out what it has.
    for (let i = 0; i < 3; i += 1) expect((await client.control(DEVICE)).status).toBe(NO_ANSWER)
    expect(await importDevice(port, '1-1')).toBe(4)
    await simulator.command({ do: 'plug' })
    await overHid(await take(port))
    await client.ended
    expect(client.waiting).toBe(0)
  })

  it('answers what it could not read in time, too, because its process was busy', async () => {
    const { simulator, port } = await start()
    const client = await take(port)
    await simulator.command({ do: 'unplug' })
    const asked = client.control(DEVICE)
    const until = performance.now() + 100
    while (performance.now() < until);
    expect((await asked).status).toBe(NO_ANSWER)
    await client.ended
  })

  it('fails what is being written while the cable is pulled, and what is written then', async () => {
    const { simulator, port } = await start()
    const client = await take(port)
    await simulator.command({ do: 'usb-nak', endpoint: 'hid-out', seconds: 60 })
    const before = client.out(HID, new Uint8Array(64))
    await wait(20)
    await simulator.command({ do: 'unplug' })
    expect((await before).status).toBe(NO_ANSWER)
    expect((await client.out(HID, new Uint8Array(64))).status).toBe(NO_ANSWER)
    await client.ended
  })

  it('does not stay for one that never stops asking', async () => {
    const { simulator, port } = await start()
    const client = await take(port)
    await simulator.command({ do: 'unplug' })
    let over = false
    void client.ended.then(() => {
      over = true
    })
    while (!over) {
      void client.control(DEVICE)
      await wait(5)
    }
  })

  it('is free for the next client when one goes in the middle of something', async () => {
    const { port } = await start()
    for (let i = 0; i < 10; i += 1) {
      const client = await take(port)
      void client.out(SERIAL, Buffer.from(HELLO_LINE.slice(0, i * 4)))
      void client.out(HID, new Uint8Array(64))
      void client.in(SERIAL)
      await wait(i)
      client.close()
      await expect.poll(async () => (await listDevices(port)).length).toBe(1)
    }
    expect(isHelloReply(await overSerial(await take(port)))).toBe(true)
  })
})

describe('faults, as a host sees them', () => {
  it('come by command: drop, stall, NAK', async () => {
    const { simulator, port } = await start()
    const client = await take(port)
    expect(await simulator.command({ do: 'usb-drop', endpoint: 'serial-out' })).toEqual({
      ok: true,
      message: 'USB serial-out: what comes next is lost.',
    })
    expect((await client.out(SERIAL, Buffer.from(HELLO_LINE))).status).toBe(0)
    const silence = client.submit(1, SERIAL, 128)
    expect(await Promise.race([silence.ended, wait(150, 'nothing')])).toBe('nothing')
    await client.unlink(silence.seq)

    await simulator.command({ do: 'usb-stall', endpoint: 'hid-in' })
    expect((await client.in(HID)).status).toBe(STALL)
    expect((await client.control([0x02, 1, 0, 0x83, 0])).status).toBe(0)
    await overHid(client)

    await simulator.command({ do: 'usb-nak', endpoint: 'hid-out', seconds: 0.3 })
    const began = performance.now()
    await overHid(client)
    expect(performance.now() - began).toBeGreaterThan(290)
  })

  it('come by scenario', async () => {
    const simulator = await startSimulator({
      scenario: {
        title: 'Stalled from the start',
        description: 'The first reports to the host are lost.',
        pumps: [{ serial: 'SIM-0001', model: 'SIM-20', volume: 12 }],
        timeline: [{ at: '0 s', do: 'usb-drop', endpoint: 'hid-in', count: 1 }],
      },
      ports: [{ kind: 'usbip', port: 0, attach: false }],
    })
    running.push(simulator)
    const client = await take(Number(/:(\d+)\//.exec(simulator.describe()[0]?.path ?? '')?.[1]))
    await client.out(HID, encoderOf(client).encode(HELLO_PDU))
    // The first of two is missing.
    expect((await client.in(HID)).data[1]).toBe(0x12)
    await overHid(client)
  })

  it.each([
    ['hid-in', 48 + 32],
    ['serial-in', null],
  ] as const)('pulling in the middle of %s tears the answer', async (endpoint, torn) => {
    const { simulator, port } = await start()
    const client = await take(port)
    await simulator.command({ do: 'usb-pull', endpoint })
    void client.out(SERIAL, Buffer.from(HELLO_LINE))
    void client.out(HID, encoderOf(client).encode(HELLO_PDU))
    void client.in(SERIAL, 128)
    void client.in(HID)
    await client.ended
    if (torn) expect(client.torn).toBe(torn)
    else expect(client.torn).toBeGreaterThan(48)
    await expect.poll(async () => (await listDevices(port)).length).toBe(0)
    await simulator.command({ do: 'plug' })
    await overHid(await take(port))
  })

  it.each(['hid-out', 'serial-out'] as const)(
    'pulling in the middle of %s fails it, and ends the connection',
    async (endpoint) => {
      const { simulator, port } = await start()
      const client = await take(port)
      await simulator.command({ do: 'usb-pull', endpoint })
      const sent =
        endpoint === 'hid-out'
          ? client.out(HID, encoderOf(client).encode(HELLO_PDU))
          : client.out(SERIAL, Buffer.from(HELLO_LINE))
      expect((await sent).status).toBe(NO_ANSWER)
      await client.ended
      expect(client.torn).toBe(0)
      await simulator.command({ do: 'plug' })
      expect(isHelloReply(await overSerial(await take(port)))).toBe(true)
    },
  )

  it('are refused with a sentence where there is no USB', async () => {
    const simulator = await startSimulator({ world: fakeWorld() })
    running.push(simulator)
    expect(await simulator.command({ do: 'usb-stall', endpoint: 'hid-in' })).toEqual({
      ok: false,
      message: 'This wand is not on USB. Start the simulator with --usbip.',
    })
  })
})

describe('hostile clients', () => {
  it('get nothing, cost nothing, and disturb nobody', async () => {
    const { port } = await start(2)
    const good = await take(port, '1-2')
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.uint8Array({ maxLength: 300 }), async (asked, bytes) => {
        const socket = connect(port, '127.0.0.1')
        socket.on('error', () => {})
        await once(socket, 'connect')
        const closed = once(socket, 'close')
        if (asked) socket.write(opRequest(OP_REQ_IMPORT, '1-1'))
        socket.end(bytes)
        socket.resume()
        await closed
      }),
      { numRuns: LONG ? 2000 : 60 },
    )
    await overHid(good)
    await expect
      .poll(async () => (await listDevices(port)).map((one) => one.busId))
      .toEqual(['1-1'])
  })

  it('are let go when they name another device, too much, or too many transfers', async () => {
    const { port } = await start()
    const attacks: ((client: UsbipClient) => void)[] = [
      (c) =>
        c.socket.write(cmdSubmit({ seq: 1, device: 7, direction: 1, endpoint: 3, length: 64 })),
      (c) =>
        c.socket.write(
          cmdSubmit({ seq: 1, device: c.device, direction: 0, endpoint: 2, length: 1 << 30 }),
        ),
      (c) => {
        for (let i = 0; i < 300; i += 1) void c.in(HID)
      },
      (c) => {
        for (let i = 0; i < 300; i += 1) void c.in(NOTIFY, 16)
      },
    ]
    for (const attack of attacks) {
      const client = await take(port)
      attack(client)
      await client.ended
      await expect.poll(async () => (await listDevices(port)).length).toBe(1)
    }
  })

  it('that do not read what they ask for are let go before it costs memory', async () => {
    const { port } = await start()
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(opRequest(OP_REQ_IMPORT, '1-1'))
    await once(socket, 'readable')
    const [setup, device] = [[0x80, 6, 0, 2, 0, 0, 0xff, 0], 0x10002]
    const asking = cmdSubmit({ seq: 1, device, direction: 1, endpoint: 0, length: 255, setup })
    const many = Buffer.concat(Array.from({ length: 2000 }, () => asking))
    let closed = false
    const gone = once(socket, 'close').then(() => {
      closed = true
    })
    for (let i = 0; i < 200 && !closed; i += 1) {
      if (!socket.write(many)) await Promise.race([once(socket, 'drain'), gone])
    }
    // The device is free again, although the client has neither read nor gone.
    await expect.poll(async () => (await listDevices(port)).length, { timeout: 5000 }).toBe(1)
    socket.destroy()
  })
})

describe('the server', () => {
  it('says in a sentence that its port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as { port: number }
    await expect(
      startSimulator({ world: fakeWorld(), ports: [{ kind: 'usbip', port, attach: false }] }),
    ).rejects.toMatchObject({ reason: 'listen', message: expect.stringContaining(String(port)) })
    other.close()
  })

  it('leaves nothing behind', async () => {
    const { simulator, port } = await start(2)
    const client = await take(port)
    const idle = connect(port, '127.0.0.1')
    await once(idle, 'connect')
    const closed = once(idle, 'close')
    await simulator.stop()
    await simulator.stop()
    await client.ended
    await closed
    await expect(importDevice(port, '1-1')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})

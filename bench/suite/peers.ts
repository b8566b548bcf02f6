// Peers, by the code that they publish: `npm ci --prefix bench/peers --ignore-scripts` installs them, apart from
// the product. Each gets frames of its own and makes of them what it hands to its own users: z-stack's
// ZpiObject, Z-Wave's Message, MAVLink's data. Herdsman's parser for Ember only splits, and is shown for that.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Path } from './floors.ts'
import { FRAMES } from './frames.ts'

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))
const published = createRequire(join(ROOT, 'bench', 'peers', 'package.json'))

interface Emitting {
  write(bytes: Uint8Array): boolean
  on(event: string, heard: (thing: never) => void): this
  pipe<T>(to: T): T
}
type Make<T> = new () => T

/** Its debug lines are made even where nobody reads them; they are thrown away here. */
function quietHerdsman(): void {
  const { setLogger } = published('zigbee-herdsman/dist/utils/logger.js') as {
    setLogger(logger: object): void
  }
  const nothing = () => {}
  setLogger({ debug: nothing, info: nothing, warning: nothing, error: nothing })
}

export const herdsman = (): Path => {
  quietHerdsman()
  const { Parser } = published('zigbee-herdsman/dist/adapter/z-stack/unpi/parser.js') as {
    Parser: Make<Emitting>
  }
  const { ZpiObject } = published('zigbee-herdsman/dist/adapter/z-stack/znp/zpiObject.js') as {
    ZpiObject: { fromUnpiFrame(frame: object): { payload: object } }
  }
  return (read) => {
    const parser = new Parser()
    parser.on('parsed', (frame: object) => read(ZpiObject.fromUnpiFrame(frame).payload))
    return (bytes) => void parser.write(bytes)
  }
}

export const herdsmanSplit = (): Path => {
  const { AshParser } = published('zigbee-herdsman/dist/adapter/ember/uart/parser.js') as {
    AshParser: Make<Emitting>
  }
  return (read) => {
    const parser = new AshParser()
    parser.on('data', read)
    return (bytes) => void parser.write(bytes)
  }
}

export const zwave = async (): Promise<Path> => {
  const at = (name: string) => import(pathToFileURL(published.resolve(name)).href)
  const { SerialAPIParser, Message } = (await at('@zwave-js/serial')) as {
    SerialAPIParser: Make<TransformStream<Uint8Array, { type: number; data: Uint8Array | number }>>
    Message: { parse(bytes: Uint8Array, context: object): object }
  }
  await at('@zwave-js/serial/serialapi')
  return (read) => {
    const parser = new SerialAPIParser()
    const writer = parser.writable.getWriter()
    const reader = parser.readable.getReader()
    const next = async () => {
      for (;;) {
        const { value } = await reader.read()
        if (typeof value?.data === 'object') read(Message.parse(value.data, {}))
      }
    }
    void next()
    return (bytes) => void writer.write(bytes)
  }
}

export const mavlink = (): { path: Path; wire: Buffer } => {
  const { MavLinkPacketSplitter, MavLinkPacketParser, MavLinkProtocolV2, common } = published(
    'node-mavlink',
  ) as {
    MavLinkPacketSplitter: Make<Emitting>
    MavLinkPacketParser: Make<Emitting>
    MavLinkProtocolV2: Make<{ serialize(message: object, seq: number): Buffer }>
    common: { GlobalPositionInt: Make<Record<string, unknown>> }
  }
  const path: Path = (read) => {
    const splitter = new MavLinkPacketSplitter()
    const parser = splitter.pipe(new MavLinkPacketParser())
    type Packet = { protocol: { data(payload: Buffer, of: unknown): object }; payload: Buffer }
    parser.on('data', (packet: Packet) => {
      read(packet.protocol.data(packet.payload, common.GlobalPositionInt))
    })
    return (bytes) => void splitter.write(bytes)
  }
  const protocol = new MavLinkProtocolV2()
  const message = (n: number) =>
    Object.assign(new common.GlobalPositionInt(), {
      ...{ timeBootMs: n, lat: 473_977_418 + n, lon: 85_455_939, alt: 488_000, relativeAlt: n },
      ...{ vx: 1, vy: 2, vz: 3, hdg: n },
    })
  const frames = Array.from({ length: FRAMES }, (_, n) => protocol.serialize(message(n), n & 0xff))
  return { path, wire: Buffer.concat(frames) }
}

// A driver that does what its port is called, in plain JavaScript, because a process of its own loads it.
const WAYS = {
  hang() {
    for (;;);
  },
  flood(tell) {
    const more = () => {
      for (let n = 0; n < 200; n += 1) tell()
      setImmediate(more)
    }
    more()
  },
  die() {
    process.exit(7)
  },
  throw() {
    throw new Error('on purpose')
  },
  mute() {},
  writes(_, port) {
    port.write(Buffer.from('!DOSE 5\r\n'))
  },
  lies(tell) {
    tell('another port')
  },
  good() {},
}

export const rogue = {
  name: 'rogue',
  fingerprints: [],
  can: { blocks: [], session: false, live: false, severalOnPort: false },
  confirms: '',
  decoder: { name: 'rogue-decoder/1' },
  sends: [{ what: 'who', pattern: /^\?\r$/ }],
  quietMs: 1000,
  create({ env, port: source, shared, event }) {
    const port = source.create()
    let stopped = false
    const tell = (name = source.path) =>
      event({
        ...{ kind: 'contact', order: shared.nextOrder(), port: name, wand: 'W-1', link: 5 },
        ...{ session: null, snapshot: null, source: 'simulator', mono: env.monotonic() },
        ...{ receivedAt: new Date(env.wall()).toISOString(), fresh: true, changed: false },
        ...{ loss: 'implant-lost', heardAt: env.monotonic(), atLeast: false, coupling: 50 },
        ...{ position: 'good', operation: null, progress: null },
      })
    const beat = () => {
      if (stopped) return
      tell()
      port.write(Buffer.from('?\r'))
      env.after(50, beat)
    }
    return {
      counters: {
        ...{ opens: 1, bytesIn: 0, bytesOut: 0, requests: 0, retries: 0, 'no-answer': 0, held: 0 },
        ...{ accepted: { frames: 0, bytes: 0 }, discarded: {} },
      },
      async start() {
        await port.open({ data: () => {}, ended: () => {} })
        beat()
        const way = source.path.split('-')[0]
        env.after(300, () => WAYS[way]?.(tell, port))
      },
      read() {},
      async stop() {
        stopped = true
        await port.close()
      },
    }
  },
}

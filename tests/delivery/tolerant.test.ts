// Receivers that are not as the standard has them: what they mean is taken where it is certain, told as it is where
// it is not, and no message is repeated for ever. What keeps a destination from taking messages stands in the log
// of the bridge, once, and so does its recovery.
import { expect, it } from 'vitest'
import { frame } from '../../src/delivery/mllp.ts'
import type { Reply } from '../../src/delivery/sender.ts'
import { Wire } from '../../src/delivery/wire.ts'
import { parseAck } from '../../src/hl7/text.ts'
import { world } from './world.ts'

const ACK = 'MSH|^~\\&|R\rMSA|AA|m1\r'
const bytes = (...parts: (string | number)[]) =>
  Buffer.concat(parts.map((one) => Buffer.from(typeof one === 'string' ? one : [one])))
const [VT, FS, CR] = [0x0b, 0x1c, 0x0d]

/** What is heard of these bytes, cut into pieces of this size. */
function heard(said: Buffer, size: number): Reply[] {
  const replies: Reply[] = []
  let take: (chunk: Uint8Array) => void = () => {}
  let end: () => void = () => {}
  const wire = new Wire(
    (events) => {
      take = events.data
      end = () => events.closed({ code: 'delivery.closed', args: {} })
      return { send: () => {}, close: () => {} }
    },
    parseAck,
    { connected: () => {}, reply: (reply) => void replies.push(reply), closed: () => {} },
  )
  wire.connect()
  for (let at = 0; at < said.length; at += size) take(said.subarray(at, at + size))
  end()
  return replies
}

it.each<[string, Buffer]>([
  ['as the standard has it', frame(ACK)],
  ['without CR behind it', bytes(VT, ACK, FS)],
  ['with a byte-order mark inside', bytes(VT, '\uFEFF', ACK, FS, CR)],
  ['with a byte-order mark before it', bytes('\uFEFF', VT, ACK, FS, CR)],
  ['with a code in small letters', frame(ACK.replace('AA', 'aa'))],
  ['behind bytes of no frame', bytes('READY\r\n', VT, ACK, FS, CR, 'bye')],
  ['without any frame', bytes(ACK)],
  ['without the beginning of a frame', bytes(ACK, FS, CR)],
  ['without the beginning, nor the end of its last segment', bytes(ACK.slice(0, -1), FS)],
  ['with lines of another kind', frame(ACK.replaceAll('\r', '\r\n'))],
  ['with blanks before it', frame(`\n  ${ACK}`)],
])('an acknowledgment %s is taken, once, however it is cut', (_, said) => {
  for (const size of [1, 2, 7, said.length]) {
    const meant = heard(said, size).filter((one) => one.means)
    expect(meant).toMatchObject([{ means: 'accepted', code: 'AA', control: 'm1' }])
  }
})

it.each<[string, Buffer]>([
  ['of no known code', frame(ACK.replace('AA', 'OK'))],
  ['without MSA', frame('MSH|^~\\&|R\rZZZ|1\r')],
  ['that is a web page', bytes('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ['that is a prompt', bytes('login: ')],
])('what answers and is %s means nothing, and is told by what it was', (_, said) => {
  for (const size of [1, said.length]) {
    const all = heard(said, size)
    expect(all.every((one) => one.means === null)).toBe(true)
    const told = all.map((one) => `${one.code} ${one.text}`).join(' ')
    expect(told).toMatch(/OK|ZZZ|HTTP|login/)
  }
})

it('silence is told as our own time-out, and what answers oddly as that', async () => {
  const w = await world({ answer: () => null })
  const emr = w.begin()
  await w.pass(200)
  await w.read(1)
  await w.until(() => emr.status().code === 'delivery.unanswered', 40_000)
  expect(emr.status()).toMatchObject({ state: 'waiting', code: 'delivery.unanswered' })
  expect(w.said.join(' ')).toContain('no answer in the time that is configured')
  await emr.stop()
})

it('a destination that is down stands in the log once, and once that it is well again', async () => {
  const w = await world()
  w.peer.up = false
  const emr = w.begin()
  await w.pass(200)
  const first = await w.read(3)
  await w.pass(300_000)
  expect(w.said.filter((one) => one.includes('does not take messages now'))).toHaveLength(1)
  expect(w.said[0]).toContain('ECONNREFUSED')
  w.peer.up = true
  await w.until(() => w.got.length === 3, 120_000)
  await w.pass(1_000)
  expect(w.got).toEqual(w.ids(first))
  expect(w.said.filter((one) => one.includes('takes messages again'))).toHaveLength(1)
  // And the next time anew.
  w.peer.up = false
  await emr.stop()
})

it('a message that is never answered is set aside after its limit; the others go on, and nothing repeats for ever', async () => {
  let poison = ''
  const w = await world({
    rules: { ackMs: 1_000, patienceMs: 20_000, stuck: 4, longestMs: 2_000 },
    answer: (_, id) => (id === poison ? null : 'accepted'),
  })
  const emr = w.begin()
  await w.pass(200)
  const positions = await w.read(3)
  const ids = w.ids(positions)
  poison = ids[1] ?? ''
  await w.until(() => w.told.parked.length === 1 && emr.idle, 300_000)
  const [parked] = w.told.parked
  expect(parked).toMatchObject({ control: poison, code: 'none' })
  expect(parked?.text).toContain('no answer')
  const tries = w.got.filter((one) => one === poison).length
  expect(tries).toBeGreaterThanOrEqual(4)
  expect(tries).toBeLessThan(20)
  expect(parked?.text).toContain('others are taken')
  expect(w.got.filter((one) => one === ids[0] || one === ids[2])).toHaveLength(2)
  await emr.stop()
})

it('a destination that cannot be reached never has a message set aside', async () => {
  const w = await world({ rules: { stuck: 2, patienceMs: 0 } })
  w.peer.up = false
  const emr = w.begin()
  await w.pass(200)
  await w.read(2)
  await w.pass(600_000)
  expect(w.told.parked).toEqual([])
  expect(w.peer.connections).toBeGreaterThan(8)
  await emr.stop()
})

it('a message that is put off for ever is set aside where others are taken, each once, and is alone in it', async () => {
  let poison: readonly string[] = []
  let dead = false
  const w = await world({
    rules: { stuck: 4, longestMs: 2_000 },
    answer: (_, id) => (dead || poison.includes(id) ? 'later' : 'accepted'),
  })
  const emr = w.begin()
  await w.pass(200)
  // It is alone: it keeps nobody back, and waits.
  dead = true
  const [first = 0] = await w.read(1)
  await w.pass(60_000)
  expect(w.told.parked).toEqual([])
  // A destination that takes nothing, whatever it is sent, has nothing set aside, however long it lasts.
  const more = await w.read(5)
  await w.pass(300_000)
  expect(w.told.parked).toEqual([])
  const ids = w.ids([first, ...more])
  // Two in a row are for themselves: the others are taken.
  poison = ids.slice(1, 3)
  dead = false
  await w.until(() => w.told.parked.length === 2 && emr.idle, 300_000)
  expect(w.told.parked.map(({ control }) => control)).toEqual(poison)
  const status = emr.status()
  expect([status.sent, status.parked, status.state]).toEqual([4, 2, 'idle'])
  await emr.stop()
})

it.each(['lost', 'later'] as const)(
  'what follows a message that was taken is not set aside for one answer: %s',
  async (once) => {
    let first = ''
    let taken = 0
    const w = await world({
      rules: { stuck: 4, longestMs: 2_000 },
      answer(_, id) {
        if (id !== first) {
          taken += 1
          return 'accepted'
        }
        if (taken === 0) return 'later'
        return taken++ === 1 ? once : 'accepted'
      },
    })
    const emr = w.begin()
    await w.pass(200)
    w.peer.up = false
    const ids = w.ids(await w.read(3))
    first = ids[0] ?? ''
    w.peer.up = true
    await w.until(() => emr.idle, 300_000)
    expect(w.told.parked).toEqual([])
    expect(emr.status().sent).toBe(3)
    await emr.stop()
  },
)

it('a connection that is lost each time never sets a message aside, and one that is refused tells nothing', async () => {
  let ids: readonly string[] = []
  let refusing = true
  const w = await world({
    rules: { stuck: 4, longestMs: 2_000 },
    answer(_, id) {
      if (id === ids[0]) return refusing ? 'later' : 'lost'
      return refusing ? 'refused' : 'accepted'
    },
  })
  const emr = w.begin()
  await w.pass(200)
  w.peer.up = false
  ids = w.ids(await w.read(3))
  w.peer.up = true
  await w.pass(120_000)
  expect(w.told.parked).toEqual([])
  expect(w.got.filter((one) => one === ids[1])).toHaveLength(1)
  refusing = false
  await w.read(2)
  await w.until(() => emr.status().sent === 2, 300_000)
  await w.pass(120_000)
  expect(w.told.parked).toEqual([])
  await emr.stop()
})

it('an error is borne with for the minutes that are configured', async () => {
  let until = Number.POSITIVE_INFINITY
  const w = await world({
    rules: { attempts: 3, patienceMs: 300_000 },
    answer: () => (w0.now() < until ? 'try-again' : 'accepted'),
  })
  const w0 = { now: () => w.env.monotonic() }
  const emr = w.begin()
  await w.pass(200)
  const began = w.env.monotonic()
  until = began + 240_000
  await w.read(1)
  await w.until(() => emr.status().sent === 1, 400_000)
  expect(w.told.parked).toEqual([])
  until = Number.POSITIVE_INFINITY
  await w.read(1)
  const asked = w.env.monotonic()
  await w.until(() => w.told.parked.length === 1, 600_000)
  expect(w.env.monotonic() - asked).toBeGreaterThanOrEqual(300_000)
  expect(w.env.monotonic() - asked).toBeLessThan(420_000)
  await emr.stop()
})

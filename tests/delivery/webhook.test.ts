// Webhooks against a receiver in Python whose check of the signature was written from the public text: what is
// answered to a message decides what becomes of it, and of it alone.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { VirtualEnv } from '../../src/base/env.ts'
import { deliverySchema } from '../../src/delivery/config.ts'
import { parseSecret, signed } from '../../src/delivery/webhook.ts'
import { addressees } from '../../src/host/delivery-host.ts'
import { WORDS } from '../../src/words/words.ts'
import { feedRecords } from '../knowledge/records.ts'
import { destinationSaid } from '../words/said.ts'
import { closeAll, fileOf, SECRET, sending, temporary, webhookReceiver } from './senders.ts'
import { eventually } from './world.ts'

afterEach(closeAll)

/** No record speaks of another here. */
const NOTHING = { async *read() {} }

const hook = (name: string, url: string, more: object = {}) => ({
  name,
  url,
  secretFiles: [fileOf(`${SECRET}\n`)],
  testMessages: true,
  ...more,
})

it('signs as the example of the public text does', () => {
  const body = '{"test": 2432232314}'
  const key = parseSecret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
  const headers = signed([key], { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1614265330, body })
  expect(headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  for (const text of ['', 'whsec_', 'whsec_abc', `${SECRET}!`, 'whsec_c2hvcnQ=']) {
    expect(() => parseSecret(text)).toThrow(/^a secret of a webhook is/)
  }
})

it('every record arrives once in effect, in order, over whatever a receiver does; what it refuses is set aside', async () => {
  const plan = {
    1: '500',
    2: 'drop',
    3: 'taken-drop',
    4: 'slow',
    5: 'cut',
    6: 'flood',
    7: '429',
    8: '302',
    9: '503',
  }
  const { seen, url } = await webhookReceiver({ plan, slow: 2, after: 0 })
  const bridge = await sending({ webhooks: [hook('lab', url)] })
  await eventually(() => bridge.of('lab')?.state === 'idle', 10_000)
  const positions = await bridge.read(20)
  await eventually(() => bridge.delivery().idle && bridge.of('lab')?.sent === 20, 30_000)
  expect([...new Set(seen.map((one) => one.position))]).toEqual(positions)
  expect(new Set(seen.map((one) => one.id)).size).toBe(20)
  expect(new Set(seen.map((one) => `${one.check} ${one.type}`))).toEqual(
    new Set(['ok application/json']),
  )
  // All but what is taken at once, which a flood of an answer is.
  expect(seen.length).toBe(20 + Object.keys(plan).length - 1)
  expect(bridge.of('lab')).toMatchObject({ kind: 'webhook', parked: 0, address: url })
}, 60_000)

it('a worksheet names people, and has their words, for whoever is configured to get them alone', () => {
  const signed = { operator: 'A. Nurse', verified: 'pin' } as const
  const entries = { volume: 5, witnessedBy: 'B. Witness', remark: 'told Dr C', checks: [] }
  const body = { sheet: 's1', step: 'aspirated', entries, signed }
  const [record] = feedRecords([{ kind: 'worksheet', pump: 'P-1', model: 'one', body }])
  const sent = (more: object) => {
    const config = deliverySchema.parse({
      webhooks: [hook('lab', 'http://127.0.0.1/', { kinds: ['worksheet'], ...more })],
    })
    const [lab] = addressees({ hl7: [], ...config }, WORDS['en-US'])
    const message = record && lab?.sender(new VirtualEnv(), NOTHING).messageOf(record)
    return JSON.parse(message?.text() ?? '') as Record<string, unknown>
  }
  const { signed: _, ...rest } = sent({ people: true })
  expect([_, rest['entries']]).toEqual([signed, entries])
  expect(sent({})).toEqual({ ...rest, entries: { volume: 5 } })
})

it('one message that is refused is set aside, listed, and sent again when asked', async () => {
  const first = await webhookReceiver({ plan: { 1: '422' } })
  const bridge = await sending({ webhooks: [hook('lab', first.url)] })
  await eventually(() => bridge.of('lab')?.state === 'idle', 10_000)
  const positions = await bridge.read(3)
  await eventually(() => bridge.delivery().idle, 10_000)
  expect(bridge.of('lab')).toMatchObject({
    sent: 2,
    parked: 1,
    aside: [{ position: positions[1], code: '422', text: 'because', attempts: 1 }],
  })
  expect(await bridge.bodies('delivery-parked')).toMatchObject([{ position: positions[1] }])
  expect(bridge.delivery().resend()).toEqual({ lab: 1 })
  await eventually(() => bridge.of('lab')?.parked === 0, 10_000)
  expect(await bridge.bodies('delivery-resent')).toMatchObject([{ position: positions[1] }])
}, 30_000)

it('one that is set aside when retention lets go of its record is told as never sent, and not listed', async () => {
  const { url } = await webhookReceiver({ plan: { 0: '422', 2: '422' } })
  const bridge = await sending({ webhooks: [hook('lab', url)] })
  await eventually(() => bridge.of('lab')?.state === 'idle', 10_000)
  const [first, , last = 0] = await bridge.read(3)
  await eventually(() => bridge.of('lab')?.parked === 2, 10_000)
  const body = { through: 1, position: last, keepDays: 1 }
  await bridge.auditor.append({ kind: 'retention', action: 'D', body })
  await eventually(() => bridge.of('lab')?.parked === 1, 10_000)
  expect(bridge.of('lab')?.aside).toMatchObject([{ position: last }])
  expect(await bridge.bodies('delivery-gap')).toMatchObject([
    { destination: 'lab', from: first, to: first },
  ])
  expect(bridge.said.join(' ')).toContain(`record (${first} of`)
}, 30_000)

it('410 ends it, with a record, over a restart too, until somebody asks again', async () => {
  const { seen, url } = await webhookReceiver({ plan: { 1: '410' } })
  const bridge = await sending({ webhooks: [hook('lab', url)] })
  await eventually(() => bridge.of('lab')?.state === 'idle', 10_000)
  const positions = await bridge.read(4)
  await eventually(() => bridge.of('lab')?.state === 'disabled', 10_000)
  expect(destinationSaid(bridge.of('lab'))).toContain('It wants no messages any more (410 because)')
  expect(bridge.delivery().owed).toBe(Number.POSITIVE_INFINITY)
  expect(seen.length).toBe(2)
  expect(await bridge.bodies('delivery-disabled')).toMatchObject([{ code: '410' }])
  await bridge.restart()
  await eventually(() => bridge.of('lab')?.state === 'disabled', 10_000)
  expect(seen.length).toBe(2)
  bridge.delivery().resend('lab')
  await eventually(() => bridge.of('lab')?.state === 'idle', 10_000)
  expect([...new Set(seen.map((one) => one.position))]).toEqual(positions)
  expect(await bridge.bodies('delivery-disabled')).toMatchObject([{}, { code: null }])
}, 30_000)

it('a receiver that asks for time has it, and is told apart from one that is not there', async () => {
  const { seen, url } = await webhookReceiver({ plan: { 0: '429' }, after: 1 })
  const gone = { ...hook('gone', 'http://127.0.0.1:1/hook') }
  const bridge = await sending({ webhooks: [hook('lab', url), gone] })
  await eventually(() => bridge.of('lab')?.state === 'idle', 10_000)
  await bridge.read(5)
  await eventually(() => seen.length === 1, 10_000)
  await eventually(() => destinationSaid(bridge.of('lab')).includes('429 because'), 5_000)
  await eventually(() => bridge.of('lab')?.sent === 5, 10_000)
  expect((seen[1]?.at ?? 0) - (seen[0]?.at ?? 0)).toBeGreaterThanOrEqual(0.99)
  expect(bridge.of('gone')).toMatchObject({ state: 'waiting', waiting: 5, sent: 0 })
  expect(destinationSaid(bridge.of('gone'))).toContain('ECONNREFUSED')
}, 30_000)

it('both of two secrets are good for a message, so that a receiver can change from one to the other', async () => {
  const other = `whsec_${Buffer.alloc(32, 9).toString('base64')}`
  const before = await webhookReceiver()
  const after = await webhookReceiver({ secret: other })
  const secretFiles = [fileOf(SECRET), fileOf(other)]
  const bridge = await sending({
    webhooks: [hook('old', before.url, { secretFiles }), hook('new', after.url, { secretFiles })],
  })
  await eventually(() => bridge.delivery().idle, 10_000)
  await bridge.read(1)
  await eventually(() => before.seen.length + after.seen.length === 2, 10_000)
  expect([before.seen[0]?.check, after.seen[0]?.check]).toEqual(['ok', 'ok'])
}, 30_000)

it('TLS: only with a certificate that it knows', async () => {
  const dir = temporary()
  const [cert, key] = [join(dir, 'cert.pem'), join(dir, 'key.pem')]
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...['-days', '2', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'],
      ...['-keyout', key, '-out', cert],
    ],
    { stdio: 'ignore' },
  )
  const { seen, port } = await webhookReceiver({ cert, key })
  const url = `https://127.0.0.1:${port}/hook`
  const bridge = await sending({
    webhooks: [hook('known', url, { tls: { ca: cert } }), hook('strange', url)],
  })
  await eventually(() => bridge.of('known')?.state === 'idle', 10_000)
  await bridge.read(2)
  await eventually(() => bridge.of('known')?.sent === 2, 10_000)
  expect(seen.every((one) => one.check === 'ok')).toBe(true)
  await eventually(() => destinationSaid(bridge.of('strange')).includes('SELF_SIGNED'), 10_000)
  expect(seen.length).toBe(2)
}, 30_000)

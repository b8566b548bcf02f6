// ADT as it is heard, and the listener's bounds: who is listened to, how long a message may be and take, and what
// is answered in which mode.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { systemEnv } from '../../src/base/env.ts'
import { Deframer, frame } from '../../src/delivery/mllp.ts'
import { type AdtSettings, hear, utcOf } from '../../src/hl7/adt.ts'
import { AdtListener, ackCode, type ListenerOptions } from '../../src/hl7/listener.ts'
import { atEnd, closeAll, temporary } from '../delivery/senders.ts'

afterEach(closeAll)

const settings: AdtSettings = {
  authorities: [
    { system: 'urn:oid:1.2.3', namespace: 'HOSP' },
    { system: 'urn:oid:9.9', universalId: '9.9' },
  ],
  names: true,
  tests: false,
  latest: '2030-01-01T00:00:00.000Z',
}
const MSH = 'MSH|^~\\&|ADT|HOSP|||20260105080000||ADT^A08^ADT_A01|c1|P|2.5'
const of = (...segments: string[]) => hear([MSH, ...segments].join('\r'), settings)
const person = (...segments: string[]) => {
  const heard = of(...segments)
  if (heard.kind !== 'people') throw new Error(heard.text)
  return heard.people[0]
}

describe('a message', () => {
  it('names a person by the identifiers of known authorities only', () => {
    const ids = (pid3: string) => person(`PID|1||${pid3}`)?.ids
    expect(ids('A^^^HOSP^MR')).toEqual([{ system: 'urn:oid:1.2.3', value: 'A' }])
    expect(ids('A^^^&9.9&ISO^MR~B^^^HOSP~C^^^OTHER~D')).toEqual([
      { system: 'urn:oid:9.9', value: 'A' },
      { system: 'urn:oid:1.2.3', value: 'B' },
    ])
    expect(ids('""^^^HOSP~^^^HOSP')).toEqual([])
    expect(ids('a\\S\\b\\T\\c^^^HOSP')).toEqual([{ system: 'urn:oid:1.2.3', value: 'a^b&c' }])
    const assumed = hear([MSH, 'PID|1||D'].join('\r'), { ...settings, system: 'urn:x' })
    expect(assumed).toMatchObject({ people: [{ ids: [{ system: 'urn:x', value: 'D' }] }] })
    expect(of(`PID|1||${'x'.repeat(101)}^^^HOSP`)).toMatchObject({ kind: 'error' })
  })

  it('may have separators of its own, lines of any end, and a byte-order mark', () => {
    const text =
      'MSH#*!\\%#A#B###20260105080000##ADT*A08#c1#P#2.5\nPID#1##A***HOSP##Doe*Jane\nPV1#1#I#W1*2%x*3\n'
    expect(hear(`\uFEFF${text}`, settings)).toMatchObject({
      people: [{ ids: [{ value: 'A' }], name: 'Doe, Jane', location: 'W1^2^3' }],
    })
  })

  it('says where somebody is, that it is nowhere, or nothing of it', () => {
    const at = (...segments: string[]) => person('PID|1||A^^^HOSP', ...segments)?.location
    expect([at('PV1|1|I|W1^2'), at('PV1|1|I|""'), at('PV1|1|I'), at()]).toEqual([
      ...['W1^2', null],
      ...[undefined, undefined],
    ])
  })

  it('is of when EVN-2 or MSH-7 says, with zone, and never of long after now', () => {
    expect(utcOf('20260105083015.25+0200')).toBe('2026-01-05T06:30:15.250Z')
    expect(utcOf('202601050830')).toBe('2026-01-05T08:30:00.000Z')
    for (const text of ['', '2026', '20261305080000', '2026010508', 'x'])
      expect(utcOf(text)).toBeNull()
    expect(person('EVN|A08|20260105070000', 'PID|1||A^^^HOSP')?.asOf).toBe(
      '2026-01-05T07:00:00.000Z',
    )
    expect(person('EVN|A08|20990105070000', 'PID|1||A^^^HOSP')?.asOf).toBe(settings.latest)
  })

  it('of a test system is not taken by a bridge for devices', () => {
    const test = `${MSH.replace('|P|', '|T|')}\rPID|1||A^^^HOSP`
    expect(hear(test, settings)).toMatchObject({ kind: 'reject', code: '202' })
    expect(hear(test, { ...settings, tests: true })).toMatchObject({ kind: 'people' })
  })

  it('merges those that stand beside each other, and says so when it cannot', () => {
    const a40 = MSH.replace('A08', 'A40')
    const heard = (...segments: string[]) => hear([a40, ...segments].join('\r'), settings)
    expect(
      heard('PID|1||N^^^HOSP', 'MRG|O^^^HOSP', 'PID|2||M^^^HOSP', 'MRG|P^^^HOSP'),
    ).toMatchObject({
      people: [
        { ids: [{ value: 'N' }], merged: [{ value: 'O' }] },
        { ids: [{ value: 'M' }], merged: [{ value: 'P' }] },
      ],
    })
    expect(heard('PID|1||N^^^HOSP', 'MRG|O^^^ELSE')).toMatchObject({ kind: 'error', code: '204' })
    expect(heard('PID|1||N^^^ELSE', 'MRG|O^^^ELSE')).toMatchObject({ kind: 'people' })
    expect(heard('PID|1||N^^^HOSP')).toMatchObject({ kind: 'error' })
  })

  it('may be anything: it is answered, and what is refused repeats nothing of it', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        'MSH|^~\\&',
        'PID',
        '|',
        '^',
        '~',
        '\r',
        'ADT^A40',
        'MRG',
        'HOSP',
        '\\X',
        '"',
      ),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.boolean(), (pieces, headed) => {
        const heard = hear((headed ? `${MSH}\r` : '') + pieces.join(''), settings)
        if (heard.kind === 'people') {
          for (const { ids } of heard.people) {
            for (const { value } of ids) expect(value).toMatch(/^[^\p{C}]{1,100}$/u)
          }
        } else expect(heard.text).toMatch(/^[ -~]+$/)
      }),
      { numRuns: process.env['WANDBRIDGE_LONG'] === '1' ? 100_000 : 2_000 },
    )
  })
})

it('answers in the mode that is asked for', () => {
  const modes = (
    [
      ['', ''],
      ['AL', 'NE'],
      ['NE', 'AL'],
      ['AL', 'AL'],
      ['NE', 'NE'],
      ['ER', 'NE'],
      ['NE', 'SU'],
    ] as const
  ).map(([acceptAck, applicationAck]) =>
    (['A', 'E', 'R'] as const).map((how) =>
      ackCode({ acceptAck, applicationAck } as Parameters<typeof ackCode>[0], how),
    ),
  )
  expect(modes).toEqual([
    ...[
      ['AA', 'AE', 'AR'],
      ['CA', 'CE', 'CR'],
      ['AA', 'AE', 'AR'],
      ['AA', 'AE', 'AR'],
    ],
    ...[
      [null, null, null],
      [null, 'CE', 'CR'],
      ['AA', null, null],
    ],
  ])
})

describe('the listener', () => {
  const env = systemEnv()

  async function listening(more: Partial<ListenerOptions> = {}) {
    const said: string[] = []
    const taken: string[] = []
    const listener = new AdtListener({
      ...{ env, host: '127.0.0.1', port: 0, peers: [], encoding: 'utf-8', mostBytes: 4_096 },
      settings: () => settings,
      async take(people) {
        taken.push(...people.map(({ control }) => control))
        return 'told'
      },
      log: (text) => void said.push(text),
      ...more,
    })
    const port = await listener.listen()
    atEnd(() => listener.close())
    return { listener, port, said, taken }
  }

  /** Sends pieces, and gives the answers that come until the connection is closed, or so many are there. */
  function talk(
    port: number,
    pieces: readonly (string | Uint8Array)[],
    answers: number,
  ): Promise<string[]> {
    return new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1')
      const deframer = new Deframer()
      const got: string[] = []
      socket.on('error', () => {}).on('close', () => resolve(got))
      socket.on('data', (chunk) => {
        got.push(...deframer.push(chunk))
        if (got.length >= answers) socket.destroy()
      })
      for (const piece of pieces) socket.write(piece)
    })
  }
  const message = (control: string) => `${MSH.replace('c1', control)}\rPID|1||A^^^HOSP\r`
  const controls = (answers: readonly string[]) =>
    answers.map((text) => /MSA\|(AA|AE)\|(\w+)/.exec(text)?.[2])

  it('answers each of many messages in order, however the bytes are cut', async () => {
    const { port, taken } = await listening()
    const names = ['m1', 'm2', 'm3', 'm4']
    const bytes = Buffer.concat(names.map((name) => frame(message(name))))
    const pieces = [...bytes].map((byte) => Uint8Array.of(byte))
    expect(controls(await talk(port, pieces, 4))).toEqual(names)
    expect(controls(await talk(port, [bytes], 4))).toEqual(names)
    expect(taken).toEqual([...names, ...names])
  })

  it('answers nothing before it is written down, and says when it could not be', async () => {
    const order: string[] = []
    let asked = () => {}
    let write = (_: 'told' | 'unrecorded') => {}
    const taking = new Promise<void>((resolve) => {
      asked = resolve
    })
    const { port, listener } = await listening({
      take: () =>
        new Promise((resolve) => {
          write = (how) => {
            order.push('written')
            resolve(how)
          }
          asked()
        }),
    })
    const answer = talk(port, [frame(message('m1'))], 1).then((all) => {
      order.push('answered')
      return all
    })
    await taking
    const { accepted, errors, rejected } = listener.answers
    expect([accepted, errors, rejected]).toEqual([0, 0, 0])
    write('unrecorded')
    expect((await answer)[0]).toContain('MSA|AE|m1|it could not be recorded')
    expect(order).toEqual(['written', 'answered'])
  })

  it('does not listen to strangers, to what is too long, nor for too long', async () => {
    const strict = await listening({ peers: ['192.0.2.1'] })
    expect(await talk(strict.port, [frame(message('m1'))], 1)).toEqual([])
    expect(strict.said).toEqual([expect.stringContaining('127.0.0.1 is not among the peers')])
    const { port, taken } = await listening({ limits: { frameMs: 200, idleMs: 300 } })
    expect(await talk(port, [frame(`${message('m1')}NTE|1||${'x'.repeat(10_000)}\r`)], 1)).toEqual(
      [],
    )
    expect(await talk(port, [frame(message('m1')).subarray(0, 20)], 1)).toEqual([])
    expect(await talk(port, [], 1)).toEqual([])
    expect(taken).toEqual([])
    expect(controls(await talk(port, [frame(message('m2'))], 1))).toEqual(['m2'])
  })

  it('speaks TLS, and asks for a certificate where it is told to', async () => {
    const dir = temporary()
    const [certPath, keyPath] = [join(dir, 'cert.pem'), join(dir, 'key.pem')]
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
        ...['-days', '2', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'],
        ...['-keyout', keyPath, '-out', certPath],
      ],
      { stdio: 'ignore' },
    )
    const [cert, key] = [readFileSync(certPath), readFileSync(keyPath)]
    const tls = { cert, key, ca: cert, requestCert: true, rejectUnauthorized: true }
    const { port, taken } = await listening({ tls })
    const asked = (own: object) =>
      new Promise<string>((resolve) => {
        const socket = connectTls({ host: '127.0.0.1', port, ca: cert, ...own })
        socket.on('error', () => {}).on('close', () => resolve(''))
        socket.on('data', (chunk) => {
          resolve(chunk.toString())
          socket.destroy()
        })
        socket.write(frame(message('m1')))
      })
    expect(await asked({})).toBe('')
    expect(await asked({ cert, key })).toContain('MSA|AA|m1')
    expect(await talk(port, [frame(message('m2'))], 1)).toEqual([])
    expect(taken).toEqual(['m1'])
  })
})

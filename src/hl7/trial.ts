// A test message to one destination, with the whole dialogue told: what is connected to, what is sent and what comes
// back, byte by byte where it is not text, and what is made of it. It is marked as of training (MSH-11 T) and is
// about no patient and no pump.
import { type Env, utc } from '../base/env.ts'
import { type Dial, dialer, isSecure } from '../delivery/line.ts'
import { Wire } from '../delivery/wire.ts'
import { OWN } from '../model/nomenclature.ts'
import { Coded } from './coded.ts'
import { type DestinationConfig, profileOf } from './config.ts'
import { headerOf, hostTime, NAMESPACE } from './heading.ts'
import { message, parseAck, segment } from './text.ts'

export type Said = (text: string) => void

/** The message; its control id is made of chance, so that it is no repetition of any other. */
export function testMessage(config: DestinationConfig, at: string, control: string): string {
  const profile = profileOf(config)
  const msh = headerOf(profile, {
    at,
    trigger: 'R01',
    profileId: profile.reportProfile,
    control,
    processing: 'T',
  })
  const pid = segment('PID', { 5: ['', '', '', '', '', '', 'U'] })
  const obr = segment('OBR', {
    1: '1',
    3: [control, NAMESPACE],
    4: new Coded(profile.codings).code(OWN.interrogation),
    7: hostTime(at),
  })
  const note = 'A test of the connection by wandbridge. It is about no patient and no pump.'
  return message([msh, pid, obr, segment('NTE', { 1: '1', 2: 'L', 3: note })])
}

/**
 * Resolves with whether the test message was accepted: by the same wire that readings go over, so that what it hears
 * is what they would hear.
 */
export function trial(env: Env, config: DestinationConfig, say: Said): Promise<boolean> {
  const control = `TEST-${Buffer.from(env.random(6)).toString('hex').toUpperCase()}`
  const text = testMessage(config, utc(env.wall()), control)
  const seconds = config.ackSeconds
  const way = isSecure(config) ? 'TLS' : 'TCP, in clear text'
  return new Promise((resolve) => {
    let done = false
    let sent = false
    const end = (ok: boolean, why: string) => {
      if (done) return
      done = true
      cancel()
      wire.close()
      say(why)
      resolve(ok)
    }
    const cancel = env.after(seconds * 1_000 + (isSecure(config) ? 5_000 : 1_000), () =>
      end(
        false,
        sent
          ? `No answer to the message in ${seconds} s (ackSeconds): our own time-out.`
          : 'No connection in the time that is configured (ackSeconds): our own time-out.',
      ),
    )
    const wire = new Wire(heardBy(say, dialer(env, config)), parseAck, {
      connected() {
        say('Connected.')
        for (const one of lines(text)) say(`> ${one}`)
        sent = true
        wire.send(text)
      },
      reply({ means, code, control: of, text: said }) {
        if (means === null) {
          return say('! That is no acknowledgment: it has no MSA with a code that is known.')
        }
        if (of !== control) return say(`! That acknowledges ${of || 'no message'}, not ${control}.`)
        const words = `${code}${said === '' ? '' : ` ${said}`}`
        if (means === 'accepted') return end(true, `Accepted (${words}).`)
        const then = means === 'refused' ? 'set aside at once' : 'tried again, then set aside'
        end(false, `Not accepted (${words}): a reading would be ${then}.`)
      },
      closed(why) {
        const how = sent ? 'was closed before an answer came' : 'could not be made'
        end(false, `The connection ${how} (${String(why.args['text'] ?? why.code)}).`)
      },
    })
    say(`Connecting to ${config.host}:${config.port} by ${way}.`)
    wire.connect()
  })
}

/** The same line, and everything that comes over it told. */
const heardBy =
  (say: Said, dial: Dial): Dial =>
  (events) =>
    dial({
      ...events,
      data(bytes) {
        say(`< ${bytes.length} bytes`)
        const text = Buffer.from(bytes).toString('utf8')
        const isHl7 = /MS[HA]\W/.test(text)
        for (const one of isHl7 ? lines(text) : [shown(text)]) {
          say(`< ${one}`)
        }
        events.data(bytes)
      },
    })

const lines = (text: string) =>
  text
    .split(/[\r\n]+/)
    .filter((one) => one !== '')
    .map(shown)
/** Control characters by their number: whoever looks for a fault must see them. */
const shown = (text: string) =>
  text
    .slice(0, 4_000)
    .replace(
      /\p{Cc}/gu,
      (one) => `<${one.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}>`,
    )

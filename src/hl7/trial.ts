// A test message to one destination, with the whole dialogue told: what is connected to, what is sent and what comes
// back, byte by byte where it is not text, and what is made of it. It is marked as of training (MSH-11 T) and is
// about no patient and no pump.
import { type Env, utc } from '../base/env.ts'
import { dialer, isSecure, type Line } from '../delivery/line.ts'
import { Deframer, frame } from '../delivery/mllp.ts'
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

/** Resolves with whether the test message was accepted. */
export function trial(env: Env, config: DestinationConfig, say: Said): Promise<boolean> {
  const control = `TEST-${Buffer.from(env.random(6)).toString('hex').toUpperCase()}`
  const text = testMessage(config, utc(env.wall()), control)
  const seconds = config.ackSeconds
  return new Promise((resolve) => {
    const deframer = new Deframer()
    let done = false
    let sent = false
    const end = (ok: boolean, why: string) => {
      if (done) return
      done = true
      cancel()
      line?.close()
      const outside = deframer.takeOutside()
      if (outside.trim() !== '') say(`! Outside of any frame: ${shown(outside)}`)
      say(why)
      resolve(ok)
    }
    const judge = (frameText: string) => {
      const { means, code, control: of, text: said } = parseAck(frameText)
      if (means === null)
        return say('! That is no acknowledgment: it has no MSA with a code that is known.')
      if (of !== control) return say(`! That acknowledges ${of || 'no message'}, not ${control}.`)
      const words = `${code}${said === '' ? '' : ` ${said}`}`
      if (means === 'accepted') return end(true, `Accepted (${words}).`)
      return end(
        false,
        `Not accepted (${words}): a reading would be ${means === 'refused' ? 'set aside at once' : 'tried again, then set aside'}.`,
      )
    }
    say(
      `Connecting to ${config.host}:${config.port} by ${isSecure(config) ? 'TLS' : 'TCP, in clear text'}.`,
    )
    const cancel = env.after(seconds * 1_000 + (isSecure(config) ? 5_000 : 1_000), () =>
      end(
        false,
        sent
          ? `No answer to the message in ${seconds} s (ackSeconds): our own time-out.`
          : 'No connection in the time that is configured (ackSeconds): our own time-out.',
      ),
    )
    let line: Line | null = null
    try {
      line = dialer(
        env,
        config,
      )({
        connected() {
          say('Connected.')
          for (const one of lines(text)) say(`> ${one}`)
          sent = true
          line?.send(frame(text))
        },
        data(bytes) {
          say(`< ${bytes.length} bytes`)
          const frames = deframer.push(bytes)
          for (const one of frames) {
            for (const part of lines(one)) say(`< ${part}`)
            judge(one)
          }
          if (frames.length === 0 && !deframer.open)
            say(`< ${shown(Buffer.from(bytes).toString('utf8'))}`)
        },
        closed: (why) =>
          end(
            false,
            `The connection ${sent ? 'was closed before an answer came' : 'could not be made'} (${String(why.args['text'] ?? why.code)}).`,
          ),
      })
    } catch (error) {
      end(false, `It cannot be connected to: ${(error as Error).message}`)
    }
  })
}

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

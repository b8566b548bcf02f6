// Records to a webhook, signed after Standard Webhooks (standardwebhooks.com, version 1): whoever holds the
// secret knows that it comes from here, unchanged, and when. The id of a message is the same whenever it is
// sent, the time and so the signature are of each attempt.
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Env } from '../base/env.ts'
import type { FeedRecord } from '../feed/feed-record.ts'
import type { CodedRecord, RecordKind } from '../model/record.ts'
import type { WebhookConfig } from './config.ts'
import { poster, refusal, saidBy, shownUrl } from './http.ts'
import { HttpLink } from './http-link.ts'
import { type Contradictions, lookedUp, type Sender } from './sender.ts'

/** `whsec_` and base64 of 24 to 64 bytes. Throws a sentence when it is none; never with the secret in it. */
export function parseSecret(text: string): Buffer {
  const base64 = text.trim().replace(/^whsec_/, '')
  const key = Buffer.from(base64, 'base64')
  const whole = key.toString('base64').replace(/=+$/, '') === base64.replace(/=+$/, '')
  if (whole && key.length >= 24 && key.length <= 64) return key
  throw new Error('a secret of a webhook is whsec_ and base64 of 24 to 64 bytes')
}

/** `secrets`: of each one signature, so that a receiver can change from one to the other. */
export function signed(
  secrets: readonly Buffer[],
  {
    id,
    timestamp,
    body,
  }: { readonly id: string; readonly timestamp: number; readonly body: string },
): Record<string, string> {
  const text = `${id}.${timestamp}.${body}`
  const signatures = secrets.map(
    (key) => `v1,${createHmac('sha256', key).update(text).digest('base64')}`,
  )
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.join(' '),
  }
}

/** What is signed is divided by full stops, so that an id has none. */
export const webhookId = ({ log, position }: Pick<FeedRecord, 'log' | 'position'>) =>
  `${log}_${position}`

/** `render`: a record as the API gives it. */
export function webhookSender(
  env: Env,
  config: WebhookConfig,
  render: (record: CodedRecord) => object,
  contradictions: Contradictions,
): Sender {
  const { post, end } = poster(config)
  const wants = (kind: RecordKind) => config.kinds.includes(kind)
  const textOf = (record: CodedRecord) => JSON.stringify(render(record))
  // Whoever takes readings is told that one is contradicted: by the record of its session, or by the reading again.
  const again = wants('interrogation') && !wants('session')
  return {
    kind: 'webhook',
    address: shownUrl(config.url),
    kinds: again ? [...config.kinds, 'session'] : config.kinds,
    messageOf(record) {
      const made = record.api()
      if (!made) return null
      const control = webhookId(record)
      if (made.kind === 'interrogation') {
        return lookedUp(
          control,
          () => contradictions.of(record),
          (said) => textOf(said ? { ...made, contradicted: true } : made),
        )
      }
      if (made.kind !== 'session' || wants('session')) return { control, text: () => textOf(made) }
      if (made.event !== 'contradicted' || !made.pump) return null
      return lookedUp(
        control,
        () => contradictions.reading(record),
        (reading) => textOf({ ...reading, contradicted: true }),
      )
    },
    link: (events) =>
      new HttpLink(
        env,
        async ({ text: body, control: id }, signal) => {
          // Read for each message, so that a secret can be changed while the bridge runs.
          const secrets = config.secretFiles.map((path) => parseSecret(readFileSync(path, 'utf8')))
          const timestamp = Math.floor(env.wall() / 1_000)
          const headers = {
            'content-type': 'application/json',
            ...signed(secrets, { id, timestamp, body }),
          }
          const answer = await post({ headers, body }, signal)
          const { status } = answer
          const text = saidBy(answer.body)
          if (status >= 200 && status < 300)
            return { means: 'accepted', code: String(status), text }
          if (status === 410) return { means: 'gone', code: '410', text }
          return refusal(env, answer, text)
        },
        events,
        end,
      ),
  }
}

// Readings to a FHIR R4 server: one transaction for each, whose entries are created only where the server has
// none of that identifier, so that a transaction that is sent again changes nothing. It is taken when the
// server says so of every entry; what else answers 200 is no FHIR server.
import type { Env } from '../base/env.ts'
import type { FeedRecord } from '../feed/feed-record.ts'
import type { RecordKind } from '../model/record.ts'
import { type Bearer, bearerOf, objectIn } from './bearer.ts'
import type { FhirConfig } from './config.ts'
import { type Answer, poster, refusal, saidBy, shownUrl } from './http.ts'
import { HttpLink } from './http-link.ts'
import type { Message, Reply, Sender } from './sender.ts'

export interface Transactions {
  readonly kinds: readonly RecordKind[]
  /** A transaction Bundle, by its identifier; null = there is nothing to send of it. */
  of(record: FeedRecord): Message | null
}

const JSON_TYPE = 'application/fhir+json'

export function fhirSender(env: Env, config: FhirConfig, transactions: Transactions): Sender {
  const { post, end } = poster(config)
  const bearer = bearerOf(env, config.auth, post)
  return {
    kind: 'fhir',
    address: shownUrl(config.url),
    kinds: transactions.kinds,
    messageOf: (record) => transactions.of(record),
    link: (events) =>
      new HttpLink(
        env,
        async ({ text: body }, signal) => {
          const attempt = async () => {
            const token = await bearer.token(signal)
            const headers = {
              'content-type': JSON_TYPE,
              accept: JSON_TYPE,
              prefer: 'return=minimal',
              ...(token !== null && { authorization: `Bearer ${token}` }),
            }
            return post({ headers, body }, signal)
          }
          return judged(env, await again(attempt, bearer), entriesOf(body))
        },
        events,
        end,
      ),
  }
}

/** A token may have been withdrawn before its end: then another one is asked for, once. */
async function again(attempt: () => Promise<Answer>, bearer: Bearer): Promise<Answer> {
  const answer = await attempt()
  return answer.status === 401 && bearer.refused() ? attempt() : answer
}

const entriesOf = (bundle: string) => list(objectIn(bundle)['entry']).length
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

function judged(env: Env, answer: Answer, entries: number): Omit<Reply, 'control'> {
  const { status } = answer
  const code = String(status)
  const said = objectIn(answer.body)
  if (status !== 200 && status !== 201) return refusal(env, answer, outcomeText(said, answer.body))
  if (said['resourceType'] !== 'Bundle' || said['type'] !== 'transaction-response') {
    return { means: 'later', code, text: 'what answers is no FHIR server that takes transactions' }
  }
  const answers = list(said['entry']).map((one) => {
    const { response } = (one ?? {}) as { response?: { status?: unknown; outcome?: unknown } }
    return { status: String(response?.status ?? ''), outcome: response?.outcome }
  })
  const bad = answers.find((one) => !/^2\d\d\b/.test(one.status))
  if (bad) {
    const why = outcomeText((bad.outcome ?? {}) as Record<string, unknown>, '')
    return { means: 'try-again', code, text: saidBy(`an entry of it: ${bad.status} ${why}`) }
  }
  if (answers.length !== entries) {
    const text = `it answered ${answers.length} of ${entries} entries`
    return { means: 'try-again', code, text }
  }
  return { means: 'accepted', code, text: '' }
}

/** What an OperationOutcome says, in its own words; of anything else the beginning. */
function outcomeText(said: Readonly<Record<string, unknown>>, body: string): string {
  if (said['resourceType'] !== 'OperationOutcome') return saidBy(body)
  const issues = list(said['issue']).map((one) => {
    const { severity, code, diagnostics, details, expression } = (one ?? {}) as Record<
      string,
      unknown
    >
    const { text } = (details ?? {}) as { text?: unknown }
    const at = list(expression).join(', ')
    const words = [severity, code, text, diagnostics].filter((word) => typeof word === 'string')
    return `${words.join(' ')}${at === '' ? '' : ` (${at})`}`
  })
  return saidBy(issues.join('; '))
}

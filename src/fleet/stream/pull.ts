// Messages of a stream from one sequence up to another, in order, many at a time. The next ones are on their
// way while some are looked at, and no more than that. Where the broker halts, or a message is lost, it
// rejects: whoever reads begins again where it was.
import { AckPolicy, DeliverPolicy } from '@nats-io/jetstream'
import { createInbox, type Msg, nanos } from '@nats-io/transport-node'
import type { Env } from '../../base/env.ts'
import { ANSWER_MS, type Broker } from './broker.ts'

export interface Pulled {
  readonly seq: number
  readonly message: Msg
}

/** Given at once. */
const PIECE = 256
/** Under way, or here and not looked at, at most. */
const AHEAD = 4 * PIECE
/** A reader that has died is forgotten by the broker after so long, in ms. */
const FORGOTTEN_MS = 30_000

interface Span {
  readonly first: number
  readonly last: number
}
type Connected = Pick<Broker, 'connection' | 'manager' | 'onChange'>

export async function* pulled(
  env: Env,
  broker: Connected,
  stream: string,
  { first, last }: Span,
): AsyncGenerator<readonly Pulled[]> {
  let next = first
  for (let slow = true; slow && next <= last; ) {
    slow = false
    for await (const piece of pulledOnce(env, broker, stream, { first: next, last })) {
      const given = env.monotonic()
      yield piece
      next = (piece.at(-1) as Pulled).seq + 1
      // The broker may have forgotten who looks at a piece for so long: it is told anew.
      slow = env.monotonic() - given > FORGOTTEN_MS / 2
      if (slow) break
    }
  }
}

async function* pulledOnce(
  env: Env,
  { connection, manager, onChange }: Connected,
  stream: string,
  { first, last }: Span,
): AsyncGenerator<readonly Pulled[]> {
  const { name } = await manager.consumers.add(stream, {
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: first,
    ack_policy: AckPolicy.None,
    inactive_threshold: nanos(FORGOTTEN_MS),
    mem_storage: true,
    num_replicas: 1,
  })
  const inbox = createInbox()
  const pull = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`
  let here: Pulled[] = []
  /** Messages that were asked for, and that came. */
  let asked = 0
  let came = 0
  let done = first > last
  let failure: Error | null = null
  let wake = () => {}
  const enough = () => done || failure !== null || here.length >= PIECE || came === asked
  const fail = (text: string) => {
    failure ??= new Error(`${text}: stream ${stream}`)
    wake()
  }
  const answers = connection.subscribe(inbox, {
    callback(error, message) {
      if (error !== null) return fail(error.message)
      // A message of the stream comes with its own subject.
      if (message.subject === inbox) return fail(`The broker gives no more: ${statusOf(message)}`)
      const [seq, delivery] = numbersOf(message.reply ?? '')
      came += 1
      if (delivery !== came) return fail('A message was lost on its way')
      if (seq <= last) here.push({ seq, message })
      done ||= seq >= last
      if (enough()) wake()
    },
  })
  const leave = onChange((there) => !there && fail('The connection was lost'))
  try {
    while (!done || here.length > 0) {
      const more = Math.min(AHEAD - here.length, last - first + 1 - came) - (asked - came)
      if (!done && (more >= PIECE || asked === came)) {
        asked += more
        const request = { batch: more, expires: nanos(2 * ANSWER_MS) }
        connection.publish(pull, JSON.stringify(request), { reply: inbox })
      }
      if (!enough())
        await new Promise<void>((resolve) => {
          const cancel = env.after(ANSWER_MS, () => fail('The broker does not answer'))
          wake = () => {
            cancel()
            resolve()
          }
        })
      if (failure !== null) throw failure
      const piece = here
      here = []
      if (piece.length > 0) yield piece
    }
  } finally {
    leave()
    answers.unsubscribe()
    void manager.consumers.delete(stream, name).catch(() => {})
  }
}

const statusOf = ({ headers }: Msg) => `${headers?.code ?? ''} ${headers?.description ?? ''}`.trim()

/** Sequence in the stream, and in what was delivered, from the subject to which a message would be acknowledged. */
function numbersOf(reply: string): readonly [number, number] {
  const parts = reply.split('.')
  // Brokers of later versions name their domain and account before the stream.
  const at = parts.length === 9 ? 5 : 7
  return [Number(parts[at]), Number(parts[at + 1])]
}

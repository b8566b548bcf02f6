// A command's end of the control socket: asks, checks what is answered, and says so when the bridge that
// answers is of another version.
import { connect, type Socket } from 'node:net'
import { controlAddress } from './address.ts'
import { ControlError } from './error.ts'
import {
  type AnswerLine,
  type Args,
  answerSchema,
  Lines,
  REQUESTS,
  type Reply,
  type RequestName,
  type Streamed,
} from './messages.ts'

/** Longest answer line: a status with many pumps. */
const ANSWER_MAX = 64 * 1024 * 1024

const ended = () => new ControlError('ended', 'The running bridge ended before it had answered.')
const notUnderstood = () =>
  new ControlError(
    'not-understood',
    'The running bridge answered in a form that this command does not know: it is of another version. Its answer is not shown. Restart the bridge with the version of this command.',
  )

interface Waiting {
  told(reply: unknown): void
  failed(error: ControlError): void
}

export class ControlConnection {
  readonly #socket: Socket
  readonly #waiting = new Map<number, Waiting>()
  #asked = 0
  #over: ControlError | null = null

  private constructor(socket: Socket) {
    this.#socket = socket
    const lines = new Lines(ANSWER_MAX)
    socket.on('data', (text: string) => {
      try {
        for (const line of lines.push(text)) this.#answer(answerSchema.parse(JSON.parse(line)))
      } catch {
        this.#end(notUnderstood())
      }
    })
    socket.on('close', () => this.#end(ended()))
  }

  /** Null when no bridge runs with this state directory. */
  static open(stateDir: string): Promise<ControlConnection | null> {
    return new Promise((resolve) => {
      const socket = connect(controlAddress(stateDir))
      socket.setEncoding('utf8')
      socket.once('connect', () => resolve(new ControlConnection(socket)))
      socket.on('error', () => resolve(null))
    })
  }

  /** The reply; rejects with ControlError when there is none, or none that can be understood. */
  async ask<N extends RequestName>(name: N, args: Args<N>): Promise<Reply<N>> {
    for await (const reply of this.follow(name, args)) return reply
    throw ended()
  }

  /** Every reply, until `close`; rejects with ControlError, also when the bridge ends. */
  async *follow<N extends RequestName>(name: N, args: Args<N>): AsyncGenerator<Reply<N>> {
    const id = ++this.#asked
    const told: unknown[] = []
    let failure = this.#over
    let wake = () => {}
    this.#waiting.set(id, {
      told: (reply) => {
        told.push(reply)
        wake()
      },
      failed: (error) => {
        failure = error
        wake()
      },
    })
    this.#socket.write(`${JSON.stringify({ id, do: name, args })}\n`)
    try {
      for (;;) {
        while (told.length > 0) {
          const reply = told.shift()
          // What it says stays as the bridge wrote it: fields that are new to this command included.
          if (!REQUESTS[name].reply.safeParse(reply).success) throw notUnderstood()
          yield reply as Reply<N>
        }
        if (failure) throw failure
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    } finally {
      this.#waiting.delete(id)
    }
  }

  close(): void {
    this.#socket.destroy()
  }

  #answer(line: AnswerLine): void {
    if ('bye' in line) return this.#end(ended())
    if ('reply' in line) return this.#waiting.get(line.id)?.told(line.reply)
    const error = new ControlError('refused', line.error)
    if (line.id === null) this.#end(error)
    else this.#waiting.get(line.id)?.failed(error)
  }

  #end(error: ControlError): void {
    this.#over ??= error
    for (const { failed } of this.#waiting.values()) failed(this.#over)
    this.#socket.destroy()
  }
}

/** Asks the bridge of this state directory once; null when none runs. */
export async function ask<N extends Exclude<RequestName, Streamed>>(
  stateDir: string,
  name: N,
  args: Args<N>,
): Promise<Reply<N> | null> {
  const control = await ControlConnection.open(stateDir)
  if (!control) return null
  try {
    return await control.ask(name, args)
  } finally {
    control.close()
  }
}

/** Whether a bridge runs with this state directory. */
export async function bridgeRuns(stateDir: string): Promise<boolean> {
  const control = await ControlConnection.open(stateDir)
  control?.close()
  return control !== null
}

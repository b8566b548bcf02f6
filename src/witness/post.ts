// How a submission reaches a witness: by HTTP, within a bound of time and of bytes.
import type { Env } from '../base/env.ts'
import type { Post } from './submit.ts'

const WAIT_MS = 10_000
/** No answer of a witness is longer. */
const MOST_BYTES = 65_536

/** `url`: the witness's submission prefix. */
export function postTo(env: Env, url: string): Post {
  const address = `${url.replace(/\/+$/, '')}/add-checkpoint`
  return async (body) => {
    const abort = new AbortController()
    const cancel = env.after(WAIT_MS, () => abort.abort(), { background: true })
    try {
      const { signal } = abort
      const reply = await fetch(address, { method: 'POST', body, signal, redirect: 'error' })
      const chunks: Uint8Array[] = []
      let length = 0
      for await (const chunk of reply.body ?? []) {
        length += chunk.length
        if (length > MOST_BYTES) throw new Error('EMSGSIZE')
        chunks.push(chunk)
      }
      return { status: reply.status, text: Buffer.concat(chunks).toString() }
    } catch (error) {
      const { cause, message } = error as Error
      const code = (cause as { code?: unknown } | undefined)?.code
      const why = abort.signal.aborted ? 'ETIMEDOUT' : String(code ?? message)
      throw new Error(why)
    } finally {
      cancel()
      abort.abort()
    }
  }
}

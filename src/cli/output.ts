// Standard output and standard error when they cannot take what is printed: a full disk, a closed pipe, a
// terminal that hung up. A text that cannot be written is dropped and counted. It never throws, so it
// never ends a bridge, and never keeps it from closing a session or from hearing a signal.

/** What may wait for a reader that is slow, in bytes; what comes beyond it is dropped. */
const WAITING_MAX = 16 * 1024 * 1024

interface Lost {
  texts: number
  /** The system's word for why, of the first text: `ENOSPC`. */
  why: string
}

/**
 * Guards both streams for the whole process; called once, before anything is printed. A command that
 * would end well, but whose output was lost, says so and ends with `code`, unless its reader has left:
 * that is the reader's own choice.
 */
export function guardOutput(code: number): void {
  const out = guarded(process.stdout)
  guarded(process.stderr)
  process.on('exit', (ends) => {
    if (out.texts === 0 || out.why === 'EPIPE' || ends !== 0) return
    process.exitCode = code
    process.stderr.write(
      `Not everything could be printed (${out.why}). What is printed is incomplete; nothing else is affected. Send the output elsewhere and run this again.\n`,
    )
  })
}

/** Calls `gone` once when whoever reads standard output has left. */
export function onReaderGone(gone: () => void): void {
  const listen = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') return
    process.stdout.off('error', listen)
    gone()
  }
  process.stdout.on('error', listen)
}

function guarded(stream: NodeJS.WriteStream): Lost {
  const lost: Lost = { texts: 0, why: '' }
  const lose = (why: string) => {
    if (lost.texts === 0) lost.why = why
    lost.texts += 1
  }
  stream.on('error', (error: NodeJS.ErrnoException) => lose(error.code ?? error.message))
  const write = stream.write.bind(stream) as (...given: unknown[]) => boolean
  stream.write = (...given: unknown[]): boolean => {
    if (stream.writableLength < WAITING_MAX) return write(...given)
    lose('its reader is too slow')
    const done = given.at(-1)
    if (typeof done === 'function') process.nextTick(done)
    return false
  }
  return lost
}

// A witness over HTTP (c2sp.org/tlog-witness): POST /add-checkpoint, and GET /HASH/checkpoint for monitors.
// It takes signed checkpoints only, which say nothing of any pump, so anybody may ask; what a request may
// cost is bounded.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { MOST_BYTES } from '../audit/format/submission.ts'
import { strictUtf8 } from '../base/utf8.ts'
import type { Witness } from './witness.ts'

const TEXT = 'text/plain; charset=utf-8'
const REQUEST_MS = 10_000
const CONNECTIONS = 100

export interface WitnessServer {
  readonly url: string
  close(): Promise<void>
}

/** Rejects as Node does when it cannot listen there. */
export async function serveWitness(
  witness: Witness,
  { host, port }: { readonly host: string; readonly port: number },
  log: (text: string) => void,
): Promise<WitnessServer> {
  const server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS })
  server.maxConnections = CONNECTIONS
  server.on('request', (request: IncomingMessage, reply: ServerResponse) => {
    answer(witness, request, reply, log).catch((error: Error) => {
      log(`Not answered: ${error.message}`)
      say(reply, 500, 'This witness cannot answer now: see what it wrote on its own screen.')
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const { port: bound } = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(
  witness: Witness,
  request: IncomingMessage,
  reply: ServerResponse,
  log: (text: string) => void,
): Promise<void> {
  const { method, url = '' } = request
  const [, hash] = /^\/([0-9a-f]{64})\/checkpoint$/.exec(url) ?? []
  if (hash !== undefined && (method === 'GET' || method === 'HEAD')) {
    const note = await witness.newest(hash)
    return note === null
      ? say(reply, 404, 'It has cosigned nothing of such a log.')
      : say(reply, 200, note)
  }
  if (url !== '/add-checkpoint') return say(reply, 404, 'There is POST /add-checkpoint only.')
  if (method !== 'POST') return say(reply.setHeader('allow', 'POST'), 405, 'It takes POST only.')
  const bytes = await body(request)
  if (bytes === null) return say(reply, 413, 'The submission is too large.')
  const text = textOf(bytes)
  if (text === null) return say(reply, 400, 'The submission is not UTF-8.')
  const said = await witness.add(text)
  if (said.status === 200) return say(reply, 200, said.line ?? '')
  if (said.status === 409) return say(reply, 409, `${said.size}\n`, 'text/x.tlog.size')
  // As proof of what a log tried, or of a key that was not told.
  log(`Refused (${said.status}): ${said.why}. ${JSON.stringify(text.slice(0, 2_000))}`)
  say(reply, said.status, `${said.why}\n`)
}

/** Null = it is larger than a submission can be. */
async function body(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > MOST_BYTES) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Null = it is not UTF-8. */
function textOf(bytes: Buffer): string | null {
  try {
    return strictUtf8(bytes)
  } catch {
    return null
  }
}

function say(reply: ServerResponse, status: number, text: string, type = TEXT): void {
  if (reply.headersSent) return
  reply.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) })
  reply.end(reply.req.method === 'HEAD' ? undefined : text)
}

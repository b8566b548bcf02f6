// The log as static tiles (c2sp.org/tlog-tiles), so that a monitor of another make can follow it without
// trusting this bridge. Checkpoint and hashes say nothing of any pump, because every record has a random
// part, and need the scope `status`; the entries are the records themselves, need the scope `audit`, and
// are given as far as retention has kept them. A full tile never changes.
import type { FastifyInstance, FastifyReply, onSendHookHandler } from 'fastify'
import * as z from 'zod'
import { KEY_CHANGES, keyChangesSchema } from '../model/api.ts'
import { parseTile, rowOf, type Tile } from '../model/tiles.ts'
import { HttpProblem } from './problems.ts'
import { recorded } from './reads.ts'
import { answers } from './reply.ts'
import { Seats } from './seats.ts'
import type { AuditTiles, HttpSources } from './sources.ts'

/** Requests that read the log at once, and those that may wait for one. */
const READS = 2
const WAITING = 50
const BYTES = 'application/octet-stream'
/** Tokens are needed for it, so no cache between may give it to others. */
const FOR_EVER = 'private, max-age=31536000, immutable'
const SECONDS = 'private, max-age=2'

const paramsSchema = z.object({ log: z.string().max(64) })
const HIDDEN = { hide: true, params: z.looseObject(paramsSchema.shape) }
type Params = z.output<typeof paramsSchema> & { readonly '*': string }

export function tileRoutes(app: FastifyInstance, sources: HttpSources): void {
  const seats = new Seats(READS, WAITING)
  const current = (log: string): AuditTiles => {
    const { audit } = sources
    if (audit?.head()?.log === log) return audit
    throw new HttpProblem('not-found', 'This log is not the one that is written now.')
  }
  app.get<{ Params: Params }>(
    '/api/v1/audit/:log/checkpoint',
    {
      config: { scope: 'status' },
      onSend: cached(SECONDS),
      schema: {
        operationId: 'getCheckpoint',
        summary: 'The newest signed checkpoint of the audit log, with its cosignatures.',
        description:
          'As c2sp.org/tlog-tiles has it, below the prefix /api/v1/audit/{log}; beside it are tile/{L}/{N}[.p/{W}] and, with the scope `audit`, tile/entries/{N}[.p/{W}], whose addresses are paths of any depth and so no operations here. The name of the log is `audit.log` of every status.',
        tags: ['audit'],
        params: paramsSchema,
        response: answers(z.string(), 'The checkpoint.', 'text/plain'),
      },
    },
    (request, reply) => {
      const { checkpoint } = current(request.params.log).head() ?? {}
      if (checkpoint === undefined) throw new HttpProblem('not-found')
      return reply.header('content-type', 'text/plain; charset=utf-8').send(checkpoint)
    },
  )
  app.get<{ Params: Params }>(
    '/api/v1/audit/:log/cosigned',
    {
      config: { scope: 'status' },
      onSend: cached(SECONDS),
      schema: {
        operationId: 'getCosigned',
        summary: 'The largest checkpoint of the audit log that a witness has cosigned.',
        description:
          'With all cosignatures that are known for it. While the log grows it is some seconds behind the newest checkpoint. 404 where no witness has cosigned any.',
        tags: ['audit'],
        params: paramsSchema,
        response: answers(z.string(), 'The checkpoint with its cosignatures.', 'text/plain'),
      },
    },
    (request, reply) => {
      const { cosigned } = current(request.params.log).head() ?? {}
      if (typeof cosigned !== 'string') throw new HttpProblem('not-found')
      return reply.header('content-type', 'text/plain; charset=utf-8').send(cosigned)
    },
  )
  app.get<{ Params: Params }>(
    '/api/v1/audit/:log/key-changes',
    {
      config: { scope: 'status' },
      onSend: cached(SECONDS),
      schema: {
        operationId: 'getKeyChanges',
        summary: 'A proof of each change of the key that signs the audit log, oldest first.',
        description:
          'Each is a c2sp.org/tlog-proof of the record that names the old key and the new one, below the checkpoint that both signed, so that whoever knew the old key knows the new one.',
        tags: ['audit'],
        params: paramsSchema,
        response: answers(keyChangesSchema, 'The proofs.'),
      },
    },
    async (request) => {
      const { log } = request.params
      const changes = await current(log).keyChanges(log)
      return { format: KEY_CHANGES, changes }
    },
  )
  app.get<{ Params: Params }>(
    '/api/v1/audit/:log/tile/*',
    { config: { scope: 'status' }, onSend: cached(FOR_EVER), schema: HIDDEN },
    async (request, reply) => {
      const { log, '*': path } = request.params
      const tile = parseTile(path)
      if (!tile || tile.entries) throw new HttpProblem('not-found', 'This is no address of a tile.')
      const audit = current(log)
      const size = sizeFor(tile, audit)
      await seats.enter(reply.raw)
      const bytes = await audit.tile(log, tile, size)
      if (!bytes) throw new HttpProblem('not-found')
      return given(reply, bytes)
    },
  )
  app.get<{ Params: Params }>(
    '/api/v1/audit/:log/tile/entries/*',
    { config: { scope: 'audit' }, onSend: cached(FOR_EVER), schema: HIDDEN },
    async (request, reply) => {
      const { log, '*': path } = request.params
      const tile = parseTile(`entries/${path}`)
      if (!tile) throw new HttpProblem('not-found', 'This is no address of a bundle of entries.')
      const audit = current(log)
      const size = sizeFor(tile, audit)
      await seats.enter(reply.raw)
      await recorded(sources, request, null)
      const lines = await audit.entries(log, tile, size)
      if (!lines) throw new HttpProblem('entries-dropped')
      return given(reply, bundle(lines))
    },
  )
}

/** After the headers of every answer, which say that nothing is kept. */
const cached =
  (how: string): onSendHookHandler =>
  (_request, reply, payload, done) => {
    if (reply.statusCode === 200) reply.header('cache-control', how)
    done(null, payload)
  }

/** Records in the log now, if it has grown to that tile. */
function sizeFor({ level, index, width }: Tile, audit: AuditTiles): number {
  const size = audit.head()?.size ?? 0
  if (index * 256 + width <= rowOf(level, size)) return size
  throw new HttpProblem('not-found', 'The log has not grown to this tile.')
}

const given = (reply: FastifyReply, bytes: Uint8Array): FastifyReply =>
  reply.header('content-type', BYTES).send(bytes)

/** Each entry behind its length in two bytes. */
function bundle(lines: readonly string[]): Uint8Array {
  const parts = lines.flatMap((line) => {
    const bytes = Buffer.from(line)
    const length = Buffer.alloc(2)
    length.writeUInt16BE(bytes.length)
    return [length, bytes]
  })
  return Buffer.concat(parts)
}

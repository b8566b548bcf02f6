// The page's files, each an address of its own. They say nothing of any pump, so that anybody who may
// ask this host may have them; what they show comes from the API, by the session of the page.
import type { FastifyInstance, onSendHookHandler } from 'fastify'

export interface PageFile {
  readonly path: string
  readonly type: string
  readonly body: Buffer
  /** Named by its content, so that it never changes. */
  readonly lasting: boolean
}

const NO_PAGE = 'wandbridge: a read-only interface. What there is to read: /api/v1/openapi.json\n'
const LASTING = 'public, max-age=31536000, immutable'

export function pageRoutes(app: FastifyInstance, files: readonly PageFile[]): void {
  for (const { path, type, body, lasting } of files) {
    // After the headers of every answer, which say that nothing is kept.
    const onSend: onSendHookHandler = (_request, reply, payload, done) => {
      if (lasting) reply.header('cache-control', LASTING)
      done(null, payload)
    }
    app.get(path, { schema: { hide: true }, onSend }, (_request, reply) =>
      reply.header('content-type', type).send(body),
    )
  }
  if (files.some(({ path }) => path === '/')) return
  app.get('/', { schema: { hide: true } }, (_request, reply) =>
    reply.header('content-type', 'text/plain; charset=utf-8').send(NO_PAGE),
  )
}

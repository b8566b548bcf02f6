// What is not about pumps: whether the bridge is alive and ready, its metrics, its OpenAPI document,
// and the link that lets a browser in.
import type { FastifyInstance } from 'fastify'
import * as z from 'zod'
import { healthSchema } from '../model/api.ts'
import { statement } from '../model/statement.ts'
import { isFork } from '../model/status.ts'
import { sentence, type Words } from '../words/words.ts'
import type { Metrics } from './metrics.ts'
import { cookieOf, openRoute } from './origin.ts'
import { HttpProblem } from './problems.ts'
import { answers } from './reply.ts'
import type { HttpSettings, HttpSources } from './sources.ts'

/** What a browser is shown of a link that lets nobody in any more. */
const usedPage = ({ page: { linkUsed: says }, refill: { lang } }: Words): string =>
  `<!doctype html><html lang="${lang}"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>wandbridge</title>
<h1>${says.title}</h1>
<p>${says.nothing}</p>
<p>${says.signedIn} <a href="/">${says.page}</a></p>
<p>${says.next} <code>wandbridge open</code></p>
`

export function serviceRoutes(
  app: FastifyInstance,
  { access, status, words }: HttpSources,
  settings: HttpSettings,
  metrics: Metrics,
): void {
  app.get(
    '/healthz',
    {
      schema: {
        operationId: 'getHealth',
        summary: 'Whether the bridge runs.',
        tags: ['service'],
        security: [],
        response: answers(healthSchema, 'It runs.'),
      },
    },
    () => {
      const running = statement('health.running')
      return { ok: true, ...running, sentence: sentence(words, running) }
    },
  )
  app.get(
    '/readyz',
    {
      schema: {
        operationId: 'getReadiness',
        summary: 'Whether what is read can be recorded and shown.',
        description: 'Says nothing of wands: a wand that is away is no fault of the bridge.',
        tags: ['service'],
        security: [],
        response: {
          ...answers(healthSchema, 'It is ready.'),
          503: {
            description: 'It is not.',
            content: { 'application/json': { schema: healthSchema } },
          },
        },
      },
    },
    (_request, reply) => {
      const { state, witnesses, notices, ...audit } = status.status().audit
      const forked = witnesses?.problems.some(({ problem }) => isFork(problem)) ?? false
      const ok = (state === 'ok' || state === 'slow') && !forked
      const fork = notices.find((one) => /^witness\.(fork|ahead)$/.test(one.code))
      const { code, args } = fork ?? audit
      return reply.code(ok ? 200 : 503).send({ ok, code, args, sentence: audit.sentence })
    },
  )
  app.get(
    '/metrics',
    {
      config: { scope: 'metrics' },
      schema: {
        operationId: 'getMetrics',
        summary: 'Metrics for Prometheus. They name no person, pump or wand.',
        tags: ['service'],
        response: answers(z.string(), 'The metrics.', 'text/plain'),
      },
    },
    async (_request, reply) =>
      reply.header('content-type', metrics.contentType).send(await metrics.text()),
  )
  openRoute(app, access.links, settings, (reply) => {
    const { accept, authorization, cookie } = reply.request.headers
    if (accept?.includes('text/html')) {
      const own = cookieOf(cookie, settings.cookie())
      // Whoever is in already has no need of another link.
      if (typeof access.authenticate(authorization, own) !== 'string') {
        return reply.redirect('/', 303)
      }
      return reply
        .code(404)
        .header('content-type', 'text/html; charset=utf-8')
        .send(usedPage(words))
    }
    throw new HttpProblem(
      'not-found',
      `${words.page.linkUsed.title} ${words.page.linkUsed.anew} wandbridge open.`,
    )
  })
}

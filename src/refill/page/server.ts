// The worksheet's own page on its own origin: pages to read, and one form to send, which appends one
// record. It listens on this computer only.
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import { PageLinks } from '../../access/links.ts'
import type { Env } from '../../base/env.ts'
import { INSIDE } from '../../http/guard.ts'
import type { Desk } from '../desk/desk.ts'
import { patientSlip, printedSheet } from '../paper/print.ts'
import { isStep, type Step } from '../sheet/entries.ts'
import { nextStep, right, type Sheet } from '../sheet/sheet.ts'
import { guardRefill, Refused, WRITE } from './guard.ts'
import type { Html } from './html.ts'
import { type Frame, homePage, type Problem, type SheetView, sayPage, sheetPage } from './page.ts'
import { SCRIPT, SCRIPT_PATH } from './script.ts'
import { SCREEN } from './style.ts'

const HOST = '127.0.0.1'
const BODY_MAX = 32_768
const NAMES = /^(?:[A-Za-z]{1,20}\d{0,2}|answer-[\w.-]{1,100})$/

export interface RefillServer {
  /** `http://127.0.0.1:8421` */
  readonly url: string
  /** A link that lets one browser in, once, for two minutes. */
  openLink(): string
  close(): Promise<void>
}

export interface RefillServerOptions {
  readonly env: Env
  readonly desk: Desk
  /** 0 = any that is free. */
  readonly port: number
  /** Where browsers that were let in are remembered over a restart; null = nowhere. */
  readonly sessions: string | null
  /** For errors nobody expected. */
  readonly log: (text: string) => void
}

/** Rejects with the system's error when the port cannot be had. */
export async function serveRefill(options: RefillServerOptions): Promise<RefillServer> {
  const { env, desk, port, log } = options
  let bound = port
  const links = new PageLinks(env, options.sessions)
  const cookie = () => `wandbridge-refill-${bound}`
  const app = Fastify({
    bodyLimit: BODY_MAX,
    // A reading may take 40 s, and the answer waits for it.
    connectionTimeout: 120_000,
    requestTimeout: 10_000,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 100 },
  })
  guardRefill(app, {
    links,
    hosts: () => [`127.0.0.1:${bound}`, `localhost:${bound}`],
    cookie,
  })
  failures(app, desk, log)
  reading(app, desk)
  writing(app, desk)
  app.get<{ Params: { code: string } }>('/open/:code', async (request, reply) => {
    // A preview of a link must not use it up.
    if (request.method === 'HEAD') return reply.code(200).send()
    const secret = await links.redeem(request.params.code)
    const { words } = desk.context()
    if (secret === null) {
      return page(reply.code(404), sayPage(words.title, words.linkUsed, frameOf(desk, null)))
    }
    const text = `${cookie()}=${secret}; Path=/; HttpOnly; SameSite=Strict`
    reply.header('set-cookie', text)
    if (request.headers['sec-fetch-site'] !== 'cross-site') return reply.redirect('/', 303)
    return page(reply, { text: INSIDE })
  })
  await app.listen({ host: HOST, port })
  const address = app.server.address()
  bound = typeof address === 'object' && address ? address.port : port
  const url = `http://${HOST}:${bound}`
  return {
    url,
    openLink: () => `${url}/open/${links.create()}`,
    close: () => app.close(),
  }
}

const page = (reply: FastifyReply, { text }: Html) =>
  reply.header('content-type', 'text/html; charset=utf-8').send(text)

/** `sheet`: whose pump it is about; without one, whatever was read last. */
function frameOf(desk: Desk, sheet: Sheet | null): Frame {
  const { clinic, words } = desk.context()
  const source = sheet?.source ?? desk.source()
  return { look: { clinic, words }, style: SCREEN, source }
}

interface OfSheet {
  Params: { id: string; step?: string }
}

function reading(app: FastifyInstance, desk: Desk): void {
  app.get('/', async (_request, reply) => {
    const sheets = await desk.sheets()
    const view = { sheets, fresh: desk.fresh(), problem: null }
    return page(reply, homePage(view, frameOf(desk, null)))
  })
  app.get<OfSheet>('/sheet/:id', async (request, reply) => {
    const sheet = await desk.sheet(request.params.id)
    return sheet ? work(reply, desk, sheet, null, null) : missing(reply, desk)
  })
  app.get<OfSheet>('/sheet/:id/correct/:step', async (request, reply) => {
    const { id, step = '' } = request.params
    const sheet = await desk.sheet(id)
    if (!sheet || !isStep(step)) return missing(reply, desk)
    const may = right(sheet, step)
    if (may !== 'correction' && step !== 'abandoned') return reply.redirect(`/sheet/${id}`, 303)
    return work(reply, desk, sheet, may === 'no' ? null : step, null)
  })
  app.get<OfSheet>('/sheet/:id/print', async (request, reply) => {
    const sheet = await desk.sheet(request.params.id)
    if (!sheet) return missing(reply, desk)
    const back = { back: `/sheet/${sheet.id}` }
    return page(reply, printedSheet(await desk.file(sheet), sheet, back))
  })
  app.get<OfSheet>('/sheet/:id/slip', async (request, reply) => {
    const sheet = await desk.sheet(request.params.id)
    if (!sheet) return missing(reply, desk)
    return page(reply, patientSlip(await desk.file(sheet), sheet, { back: `/sheet/${sheet.id}` }))
  })
  app.get(SCRIPT_PATH, (_request, reply) =>
    reply.header('content-type', 'text/javascript; charset=utf-8').send(SCRIPT),
  )
}

async function work(
  reply: FastifyReply,
  desk: Desk,
  sheet: Sheet,
  correcting: Step | null,
  problem: Problem | null,
  overtaken: SheetView['overtaken'] = null,
) {
  const { now } = desk.context()
  const session = await desk.session(sheet.serial)
  const step = correcting ?? nextStep(sheet)
  const usable = step === 'before' || step === 'after' ? desk.usable(sheet, step) : null
  const view = { sheet, now, session, correcting, problem, usable, overtaken }
  return page(reply, sheetPage(view, frameOf(desk, sheet)))
}

function missing(reply: FastifyReply, desk: Desk) {
  const { words } = desk.context()
  return page(reply.code(404), sayPage(words.title, words.unknownSheet, frameOf(desk, null)))
}

/** The one kind of POST: it appends a record, or says why not. */
function writing(app: FastifyInstance, desk: Desk): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, new URLSearchParams(String(body))),
  )
  app.post<{ Body: URLSearchParams }>(WRITE, async (request, reply) => {
    const fields: Record<string, string> = {}
    for (const [name, value] of request.body) if (NAMES.test(name)) fields[name] = value
    const { sheet: id = '', step = '', corrects, ...given } = fields
    if (!isStep(step) || !/^[\w-]{1,40}$/.test(id)) return missing(reply, desk)
    const position = corrects === undefined ? undefined : Number(corrects)
    const result = await desk.write({ sheet: id, step, given, corrects: position })
    const sheet = desk.log.sheet(id)
    if ('late' in result && result.other && sheet) {
      return work(reply.code(409), desk, sheet, null, null, { step, given })
    }
    if ('written' in result || 'late' in result) return reply.redirect(`/sheet/${id}`, 303)
    reply.code(422)
    if (sheet) {
      const correcting = position === undefined && step !== 'abandoned' ? null : step
      return work(reply, desk, sheet, correcting, result.problem)
    }
    const view = { sheets: desk.log.sheets(), fresh: id, problem: result.problem }
    return page(reply, homePage(view, frameOf(desk, null)))
  })
}

function failures(app: FastifyInstance, desk: Desk, log: (text: string) => void): void {
  const say = (reply: FastifyReply, status: number, sentence: string) => {
    const { words } = desk.context()
    return page(reply.code(status), sayPage(words.title, sentence, frameOf(desk, null)))
  }
  app.setNotFoundHandler((_request, reply) => say(reply, 404, desk.context().words.notHere))
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const { words } = desk.context()
    if (error instanceof Refused) {
      const sentence = error.why === 'not-let-in' ? words.notYours : words.refused
      // Nothing of a pump for whoever was not let in.
      return reply
        .code(error.status)
        .header('content-type', 'text/plain; charset=utf-8')
        .send(`${sentence}\n`)
    }
    const status = error.statusCode ?? 500
    if (status < 500) return say(reply, status, words.refused)
    log(`worksheet: ${String(error.stack)}`)
    return say(reply, 500, words.serverError)
  })
}

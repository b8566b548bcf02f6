// The worksheet's own page on its own origin: pages to read, and one form to send, which appends one
// record. It listens on this computer only.
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { validatorCompiler } from 'fastify-type-provider-zod'
import { PageLinks } from '../../access/links.ts'
import type { Env } from '../../base/env.ts'
import {
  cookieOf,
  openRoute,
  plain,
  policyOf,
  type Rules,
  SECURITY_HEADERS,
} from '../../http/origin.ts'
import { HttpProblem } from '../../http/problems.ts'
import { serverOptions } from '../../http/raw.ts'
import { LIMITS } from '../../http/sources.ts'
import type { Desk } from '../desk/desk.ts'
import type { Html } from '../paper/html.ts'
import { PAPER_STYLE } from '../paper/paper-style.ts'
import { patientSlip, printedSheet, SCRIPT_PATH } from '../paper/print.ts'
import { isStep, type Step } from '../sheet/entries.ts'
import { nextStep, right, type Sheet } from '../sheet/sheet.ts'
import type { Problem } from '../sheet/take.ts'
import { type Frame, READINGS_PATH, sayPage } from './frame.ts'
import { homePage } from './home.ts'
import { type SheetView, sheetPage } from './page.ts'
import { SCRIPT } from './script.ts'
import { SCREEN } from './style.ts'

const HOST = '127.0.0.1'
/** The one address that takes something, and what it takes. */
const WRITE = '/worksheet'
const FORM = 'application/x-www-form-urlencoded'
const BODY_MAX = 32_768
const NAMES = /^(?:[A-Za-z]{1,20}\d{0,2}|answer-[\w.-]{1,100})$/

const hashOf = (style: string) => `'sha256-${createHash('sha256').update(style).digest('base64')}'`

const HEADERS: Readonly<Record<string, string>> = {
  ...SECURITY_HEADERS,
  'content-security-policy': policyOf([
    "script-src 'self'",
    `style-src ${hashOf(SCREEN)} ${hashOf(PAPER_STYLE)}`,
    "form-action 'self'",
  ]),
  // With none at all, a browser hides the origin of our own form from us.
  'referrer-policy': 'same-origin',
}

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
  const rules: Rules = {
    hosts: () => [`127.0.0.1:${bound}`, `localhost:${bound}`],
    tls: false,
    cookie: () => `wandbridge-refill-${bound}`,
    writes: WRITE,
  }
  const app = Fastify({
    ...serverOptions(env, LIMITS),
    bodyLimit: BODY_MAX,
    // A reading may take 40 s, and the answer waits for it.
    connectionTimeout: 120_000,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 100 },
    frameworkErrors: (_error, request, reply) => {
      reply.headers(HEADERS)
      refuse(reply, desk, plain(request, rules) ?? new HttpProblem('bad-request'))
    },
  })
  app.setValidatorCompiler(validatorCompiler)
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(HEADERS)
    done(plain(request, rules) ?? letIn(request.raw, links, rules) ?? undefined)
  })
  failures(app, desk, log)
  const place = (request: FastifyRequest) => placeOf(request.raw, links, rules)
  reading(app, desk, place)
  writing(app, desk, place)
  openRoute(app, links, rules, (reply) => {
    const { words } = desk.context()
    return page(reply.code(404), sayPage(words.title, words.linkUsed, frameOf(desk, null)))
  })
  // Whose wands these are is marked from the first page on.
  await desk.log.refresh()
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

/** Nobody reads anything here who was not let in by a link. */
function letIn({ url = '', headers }: IncomingMessage, links: PageLinks, { cookie }: Rules) {
  if (url.startsWith('/open/')) return null
  const session = cookieOf(headers.cookie, cookie())
  const known = session !== undefined && links.session(session) !== null
  return known ? null : new HttpProblem('not-authenticated')
}

/** Which browser it is: whoever signed in sits there. */
function placeOf({ headers }: IncomingMessage, links: PageLinks, { cookie }: Rules): string {
  const session = cookieOf(headers.cookie, cookie())
  return (session !== undefined && links.session(session)?.id) || ''
}
type PlaceOf = (request: FastifyRequest) => string

const page = (reply: FastifyReply, { text }: Html) =>
  reply.header('content-type', 'text/html; charset=utf-8').send(text)

/** `sheet`: whose pump it is about; without one, whatever was read last. */
function frameOf(desk: Desk, sheet: Sheet | null): Frame {
  const { clinic, words } = desk.context()
  const source = sheet?.source ?? desk.source()
  return { look: { clinic, words }, style: SCREEN, source }
}

/** The same with who has signed in there; `problem`: why somebody has not. */
async function signedFrame(
  desk: Desk,
  sheet: Sheet | null,
  place: string,
  problem: string | null = null,
): Promise<Frame> {
  // What kind of wands there are is known from the log, also before any sheet was begun.
  await desk.log.refresh()
  const names = await desk.sittings.names()
  const signedIn = desk.sittings.at(place)
  const sign = { names, signedIn, problem, sheet: sheet?.id ?? '' }
  return { ...frameOf(desk, sheet), sign: names.length > 0 || signedIn !== null ? sign : null }
}

interface OfSheet {
  Params: { id: string; step?: string }
}

function reading(app: FastifyInstance, desk: Desk, place: PlaceOf): void {
  app.get('/', async (request, reply) =>
    home(reply, desk, await signedFrame(desk, null, place(request))),
  )
  app.get<OfSheet>('/sheet/:id', async (request, reply) => {
    const sheet = await desk.sheet(request.params.id)
    if (!sheet) return missing(reply, desk)
    return work(reply, desk, sheet, null, null, await signedFrame(desk, sheet, place(request)))
  })
  app.get<OfSheet>('/sheet/:id/correct/:step', async (request, reply) => {
    const { id, step = '' } = request.params
    const sheet = await desk.sheet(id)
    if (!sheet || !isStep(step)) return missing(reply, desk)
    const may = right(sheet, step)
    if (may !== 'correction' && step !== 'abandoned') return reply.redirect(`/sheet/${id}`, 303)
    const frame = await signedFrame(desk, sheet, place(request))
    return work(reply, desk, sheet, may === 'no' ? null : step, null, frame)
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
  app.get(READINGS_PATH, async (_request, reply) => {
    const found = await desk.readings()
    if ('link' in found) return reply.redirect(found.link, 303)
    const { words } = desk.context()
    return page(reply.code(503), sayPage(words.readings, found.sentence, frameOf(desk, null)))
  })
  app.get(SCRIPT_PATH, (_request, reply) =>
    reply.header('content-type', 'text/javascript; charset=utf-8').send(SCRIPT),
  )
}

async function home(reply: FastifyReply, desk: Desk, frame: Frame) {
  const sheets = await desk.sheets()
  return page(reply, homePage({ sheets, fresh: desk.fresh(), problem: null }, frame))
}

async function work(
  reply: FastifyReply,
  desk: Desk,
  sheet: Sheet,
  correcting: Step | null,
  problem: Problem | null,
  frame: Frame,
  overtaken: SheetView['overtaken'] = null,
) {
  const { now } = desk.context()
  const session = await desk.session(sheet.serial)
  const step = correcting ?? nextStep(sheet)
  const usable = step === 'before' || step === 'after' ? desk.usable(sheet, step) : null
  const view = { sheet, now, session, correcting, problem, usable, overtaken }
  return page(reply, sheetPage(view, frame))
}

function missing(reply: FastifyReply, desk: Desk) {
  const { words } = desk.context()
  return page(reply.code(404), sayPage(words.title, words.unknownSheet, frameOf(desk, null)))
}

/** The one kind of POST: it appends a record, or says why not. */
function writing(app: FastifyInstance, desk: Desk, place: PlaceOf): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(FORM, { parseAs: 'string' }, (_request, body, done) =>
    done(null, new URLSearchParams(String(body))),
  )
  const onRequest = async ({ headers }: FastifyRequest) => {
    // Our own form says no more than this.
    if (headers['content-type']?.toLowerCase() === FORM) return
    throw Object.assign(new Error('another type'), { statusCode: 415 })
  }
  app.post<{ Body: URLSearchParams }>(WRITE, { onRequest }, async (request, reply) => {
    const fields: Record<string, string> = {}
    for (const [name, value] of request.body) if (NAMES.test(name)) fields[name] = value
    const { sheet: id = '', step = '', corrects, ...given } = fields
    const here = place(request)
    if (step === 'sign-in' || step === 'sign-out') return signs(reply, desk, here, step, fields)
    if (!isStep(step) || !/^[\w-]{1,40}$/.test(id)) return missing(reply, desk)
    const position = corrects === undefined ? undefined : Number(corrects)
    const by = await desk.sittings.writes(here)
    const result = await desk.write({ sheet: id, step, given, corrects: position, by })
    const sheet = desk.log.sheet(id)
    if ('late' in result && result.other && sheet) {
      const frame = await signedFrame(desk, sheet, here)
      return work(reply.code(409), desk, sheet, null, null, frame, { step, given })
    }
    if ('written' in result || 'late' in result) return reply.redirect(`/sheet/${id}`, 303)
    reply.code(422)
    if (sheet) {
      const correcting = position === undefined && step !== 'abandoned' ? null : step
      const frame = await signedFrame(desk, sheet, here)
      return work(reply, desk, sheet, correcting, result.problem, frame)
    }
    const view = { sheets: desk.log.sheets(), fresh: id, problem: result.problem }
    return page(reply, homePage(view, await signedFrame(desk, null, here)))
  })
}

/** Signs in or out at this browser, and goes back to where it was asked. */
async function signs(
  reply: FastifyReply,
  desk: Desk,
  place: string,
  step: 'sign-in' | 'sign-out',
  { sheet: id = '', operator = '', pin = '' }: Readonly<Record<string, string>>,
) {
  const sheet = await desk.sheet(id)
  const back = sheet ? `/sheet/${sheet.id}` : '/'
  if (step === 'sign-out') {
    desk.sittings.signOut(place)
    return reply.redirect(back, 303)
  }
  const problem = await desk.signIn(place, operator, pin)
  if (problem === null) return reply.redirect(back, 303)
  const frame = await signedFrame(desk, sheet, place, problem)
  reply.code(422)
  return sheet ? work(reply, desk, sheet, null, null, frame) : home(reply, desk, frame)
}

/** Nothing of a pump for whoever was not let in. */
function refuse(reply: FastifyReply, desk: Desk, { problem, headers }: HttpProblem) {
  const { words } = desk.context()
  const sentence = problem.status === 401 ? words.notYours : words.refused
  reply.code(problem.status).headers(headers).header('content-type', 'text/plain; charset=utf-8')
  return reply.send(`${sentence}\n`)
}

function failures(app: FastifyInstance, desk: Desk, log: (text: string) => void): void {
  const say = (reply: FastifyReply, status: number, sentence: string) => {
    const { words } = desk.context()
    return page(reply.code(status), sayPage(words.title, sentence, frameOf(desk, null)))
  }
  app.setNotFoundHandler((_request, reply) => say(reply, 404, desk.context().words.notHere))
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const { words } = desk.context()
    if (error instanceof HttpProblem) return refuse(reply, desk, error)
    const status = error.statusCode ?? 500
    if (status < 500) return say(reply, status, words.refused)
    log(`worksheet: ${String(error.stack)}`)
    return say(reply, 500, words.serverError)
  })
}

// What the worksheet's own server answers with: a page of its desk, in a frame that says whose wands these are
// and who has signed in, or a sentence.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { HttpProblem } from '../../http/problems.ts'
import type { Html } from '../../words/html.ts'
import type { Desk } from '../desk/desk.ts'
import type { Step } from '../sheet/entries.ts'
import { nextStep, type Sheet } from '../sheet/sheet.ts'
import type { Problem } from '../sheet/take.ts'
import { type Frame, sayPage } from './frame.ts'
import { homePage } from './home.ts'
import { type SheetView, sheetPage } from './page.ts'
import { SCREEN } from './style.ts'

/** Which browser it is: whoever signed in sits there. */
export type PlaceOf = (request: FastifyRequest) => string

export const page = (reply: FastifyReply, { text }: Html) =>
  reply.header('content-type', 'text/html; charset=utf-8').send(text)

/** `sheet`: whose pump it is about; without one, whatever was read last. */
export function frameOf(desk: Desk, sheet: Sheet | null): Frame {
  const { clinic, words } = desk.context()
  const source = sheet?.source ?? desk.source()
  return { look: { clinic, words }, style: SCREEN, source }
}

/** The same with who has signed in there; `problem`: why somebody has not. */
export async function signedFrame(
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

export async function home(reply: FastifyReply, desk: Desk, frame: Frame) {
  const sheets = await desk.sheets()
  return page(reply, homePage({ sheets, fresh: desk.fresh(), problem: null }, frame))
}

export async function work(
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

export function missing(reply: FastifyReply, desk: Desk) {
  const { words } = desk.context()
  return page(reply.code(404), sayPage(words.title, words.unknownSheet, frameOf(desk, null)))
}

/** Nothing of a pump for whoever was not let in. */
export function refuse(reply: FastifyReply, desk: Desk, { problem, headers }: HttpProblem) {
  const { words } = desk.context()
  const sentence = problem.status === 401 ? words.notYours : words.refused
  reply.code(problem.status).headers(headers).header('content-type', 'text/plain; charset=utf-8')
  return reply.send(`${sentence}\n`)
}

export function failures(app: FastifyInstance, desk: Desk, log: (text: string) => void): void {
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

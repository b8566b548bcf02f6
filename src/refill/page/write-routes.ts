// The one address of the worksheet's own server that takes something: a form, which appends one record or signs
// somebody in or out.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Desk } from '../desk/desk.ts'
import { isStep } from '../sheet/entries.ts'
import { home, missing, type PlaceOf, page, signedFrame, work } from './answers.ts'
import { homePage } from './home.ts'

export const WRITE = '/worksheet'
const FORM = 'application/x-www-form-urlencoded'
const NAMES = /^(?:[A-Za-z]{1,20}\d{0,2}|answer-[\w.-]{1,100})$/

/** The one kind of POST: it appends a record, or says why not. */
export function writeRoutes(app: FastifyInstance, desk: Desk, place: PlaceOf): void {
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

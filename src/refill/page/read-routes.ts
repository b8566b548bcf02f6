// The pages of the worksheet's own server that only show: the sheets, one sheet, its paper and slip.
import type { FastifyInstance } from 'fastify'
import type { Desk } from '../desk/desk.ts'
import { patientSlip, printedSheet, SCRIPT_PATH } from '../paper/print.ts'
import { isStep } from '../sheet/entries.ts'
import { right } from '../sheet/sheet.ts'
import { frameOf, home, missing, type PlaceOf, page, signedFrame, work } from './answers.ts'
import { READINGS_PATH, sayPage } from './frame.ts'
import { SCRIPT } from './script.ts'

interface OfSheet {
  Params: { id: string; step?: string }
}

export function readRoutes(app: FastifyInstance, desk: Desk, place: PlaceOf): void {
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

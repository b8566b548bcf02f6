// One reading as every surface gives it, as text: for properties that must hold wherever it is shown.
import { csvRow } from '../../src/cli/audit/export.ts'
import { renderPump } from '../../src/cli/render.ts'
import { apiRecord } from '../../src/feed/api-record.ts'
import { deviceMetricsOf, devicesOf } from '../../src/fhir/devices.ts'
import { observationsOf } from '../../src/fhir/observations.ts'
import { interrogationReport } from '../../src/fhir/reports.ts'
import { pumpPage } from '../../src/fleet/page/pump.ts'
import { messageOf } from '../../src/hl7/messages.ts'
import { compare } from '../../src/model/comparison.ts'
import { type Content, contentShape } from '../../src/model/content.ts'
import { isUnread, keptBlocks, type ReadRepr } from '../../src/model/reading.ts'
import type { InterrogationRecord } from '../../src/model/record.ts'
import type { PumpStatus } from '../../src/model/status.ts'
import { deviceTimeText } from '../../src/model/value.ts'
import { sheetPage } from '../../src/refill/page/page.ts'
import { printedSheet } from '../../src/refill/paper/print.ts'
import { sheetFile } from '../../src/refill/sheet/sheet-file.ts'
import { wordsOf } from '../../src/refill/sheet/words.ts'
import { told } from '../../src/words/comparison.ts'
import { readerOf, unreadLines } from '../../src/words/reader.ts'
import { changesOf } from '../../web/view/visit.ts'
import { sample } from '../http/world.ts'
import { AT, readIn, valuesIn } from '../model/full.ts'
import { CLINIC, sheetTo, viewOf } from '../refill/sheets.ts'

const LOG = 'simulator-1-0a1b2c3d'
export const reader = readerOf('en-US', 'UTC')

/** The clocks, as the driver takes them from the clock block. */
function clockIn({ clock }: ReadRepr) {
  const { deviceTime, ageMs } = isUnread(clock) ? { deviceTime: null, ageMs: null } : clock
  const said = deviceTime === null ? null : deviceTimeText(deviceTime)
  const offset = said === null ? null : Date.parse(`${said}Z`) - Date.parse(AT.receivedAt)
  return {
    deviceTime: said,
    hostTime: AT.receivedAt,
    offsetMs: offset,
    uncertaintyMs: ageMs === null ? null : 600,
  }
}

const recorded = (repr: ReadRepr) => ({
  kind: 'interrogation' as const,
  source: 'simulator' as const,
  at: AT.receivedAt,
  actor: { id: 'bridge', role: 'bridge', auth: 'process' },
  outcome: { ok: true },
  pump: 'ABC-1',
  model: 'ABC-1',
  wand: 'WAND-1',
  port: '/dev/wand',
  session: 1,
  snapshot: 1,
  deviceTime: clockIn(repr).deviceTime,
  decoder: 'wandbridge-decoder/1',
  body: {
    blocks: repr as never,
    clock: clockIn(repr),
  },
})

export function recordIn(repr: ReadRepr): InterrogationRecord {
  const place = { position: 10, log: LOG, source: 'simulator' as const }
  return apiRecord(recorded(repr), place) as InterrogationRecord
}

/** The status of the pump, as if this reading were its newest. */
export async function statusIn(repr: ReadRepr): Promise<PumpStatus> {
  const { pump } = await sample()
  const { who } = readIn(repr)
  const record = recordIn(repr)
  const content = Object.fromEntries(
    Object.keys(contentShape).map((key) => [key, record[key as keyof typeof contentShape]]),
  ) as unknown as Content
  return { ...pump, ...content, pump: { ...pump.pump, ...who } }
}

/** What each surface says, by its name; the sheet's readings before and after are the same one. */
export async function surfacesOf(repr: ReadRepr): Promise<Readonly<Record<string, string>>> {
  const record = recordIn(repr)
  const status = await statusIn(repr)
  const entry = {
    position: 10,
    readAt: AT.receivedAt,
    hostTime: AT.receivedAt,
    uncertaintyMs: 600,
    unclosed: false,
    blocks: keptBlocks(valuesIn(repr)),
  }
  const sheet = sheetTo('finish', { before: entry, after: entry })
  const look = { look: { clinic: CLINIC, words: wordsOf('en-US') }, style: '', source: null }
  const file = sheetFile(sheet, CLINIC as never, { version: '0', checkpoint: null, key: null })
  const read = readIn(repr)
  const changes = changesOf(read, read, reader)
  return {
    status: JSON.stringify(status),
    record: JSON.stringify(record),
    terminal: renderPump(status, reader).join('\n'),
    page: [
      ...unreadLines(status, reader),
      JSON.stringify([...changes.programme, ...changes.other, ...changes.unsaid]),
    ].join('\n'),
    told: JSON.stringify(told(compare(valuesIn(repr), valuesIn(repr)), reader)),
    replica: pumpPage(
      {
        site: 'a',
        pump: status,
        unclosed: [],
        audit: status.audit,
        brokerLostAt: null,
        keyLostAt: null,
      },
      { reader, source: 'simulator' },
    ).text,
    sheet: sheetPage(viewOf(sheet), look).text,
    paper: printedSheet(file, sheet).text,
    fhir: JSON.stringify([
      ...observationsOf(record),
      interrogationReport(record),
      ...devicesOf(record),
      ...deviceMetricsOf(record, false),
    ]),
    hl7: messageOf(record),
    csv: csvRow(LOG, { position: 10, record: recorded(repr) as never }),
  }
}

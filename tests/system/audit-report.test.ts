// The audit report of a year, read as a compliance officer would: every figure on it led back to its record
// and to the bytes that are signed, here by other means than the program's; and its pages as they are printed.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AuditRecord } from '../../src/audit/format/record.ts'
import {
  figuresNotIn,
  OWN,
  type Row,
  SENTENCES,
  type Signed,
  saidOf,
  traced,
} from './audit-trace.ts'
import { HOSTILE, year } from './audit-year.ts'
import { CHROMIUM, NO_CHROMIUM } from './chromium.ts'
import { endAll, MAIN, temporary } from './programs.ts'

afterAll(endAll)

let state = ''
let kept: Awaited<ReturnType<typeof year>>
/** Every line of the logs as it is signed, by log and position; the files are read naively. */
const lines = new Map<string, Signed>()

function audit(...args: string[]) {
  const program = spawnSync(process.execPath, [MAIN, 'audit', ...args], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  return { code: program.status, out: program.stdout, err: program.stderr }
}

function report(...args: string[]) {
  const dir = temporary()
  const ran = audit('report', '--state-dir', state, '--out', join(dir, 'year.html'), ...args)
  const read = (name: string) => readFileSync(join(dir, name), 'utf8')
  const json = JSON.parse(read('year.json')) as {
    readonly logs: readonly Record<string, unknown>[]
    readonly rows: readonly Row[]
    readonly tables: Readonly<Record<string, readonly string[]>>
  }
  const of = (table: string) => json.rows.filter((row) => row.table === table)
  return { ...ran, dir, read, json, of, html: read('year.html') }
}

/** The tables of the page by their title, each row as the texts of its cells. */
function tablesOf(html: string): Map<string, string[][]> {
  const found = new Map<string, string[][]>()
  let title = ''
  const text = (cell: string) =>
    cell
      .replace(/<[^>]*>/g, ' ')
      .replace(/&(lt|gt|amp|quot|#39);/g, (_, name: string) => ENTITIES[name] ?? '')
      .replace(/\s+/g, ' ')
      .trim()
  const pieces = html.matchAll(/<h[123]>(.*?)<\/h[123]>|<table class="data">(.*?)<\/table>/gs)
  for (const [, heading, table] of pieces) {
    if (heading !== undefined) title = text(heading)
    if (table === undefined) continue
    const rows = [...table.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row = '']) =>
      [...row.matchAll(/<t[dh][^>]*>(.*?)<\/t[dh]>/gs)].map(([, cell = '']) => text(cell)),
    )
    found.set(title, rows)
  }
  return found
}
const ENTITIES: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  '#39': "'",
}

beforeAll(async () => {
  state = temporary()
  kept = await year(state)
  const audits = join(state, 'audit')
  for (const log of readdirSync(audits).filter((name) => name.startsWith('simulator-'))) {
    if (!statSync(join(audits, log)).isDirectory()) continue
    for (const name of readdirSync(join(audits, log)).filter((one) => /\.jsonl/.test(one))) {
      const bytes = readFileSync(join(audits, log, name))
      const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
      for (const line of text.split('\n').slice(1)) {
        if (line === '' || line.startsWith('{"checkpoint"')) continue
        const leaf = createHash('sha256')
          .update(Buffer.from([0]))
          .update(line)
          .digest('base64')
        const record = JSON.parse(line) as AuditRecord
        lines.set(`${log} ${record.seq}`, { record, leaf })
      }
    }
  }
}, 120_000)

const at = (row: Row): Signed => {
  const found = lines.get(`${row['log']} ${row['position']}`)
  if (!found) throw new Error(`no record ${row['log']} ${row['position']}`)
  return found
}

/** The record that a row corrects. */
const old = (row: Row) => lines.get(`${row['log']} ${row['corrects']}`)

describe('the report of a year', () => {
  let made: ReturnType<typeof report>
  let tables: Map<string, string[][]>
  /** The log that is intact, as the key and the checkpoint of its second month pin it. */
  let pinned: { log: string; key: string; checkpoint: string }

  beforeAll(() => {
    pinned = kept[9] as typeof pinned
    const since = join(temporary(), 'checkpoint')
    writeFileSync(since, pinned.checkpoint)
    made = report('--since', since)
    tables = tablesOf(made.html)
  }, 60_000)

  it('has a row for every record that is kept, and each names the bytes that are signed', () => {
    expect(made.code).toBe(0)
    const rows = made.of('records')
    expect(rows.length).toBeGreaterThan(200)
    for (const row of made.json.rows) {
      const { record, leaf } = at(row)
      expect(row['leaf']).toBe(leaf)
      expect(row['at_utc']).toBe(record.at)
      const covered =
        row['log'] === pinned.log && Number(row['position']) < sizeOf(pinned.checkpoint)
      expect(row['vouched_by']).toBe(covered ? 'checkpoint' : 'nothing')
    }
    // Of the damaged log everything before the fault; of the other all.
    const [damaged, other] = made.json.logs as Record<string, number | string>[]
    const of = (log: unknown) => [...lines.keys()].filter((name) => name.startsWith(`${log} `))
    const wanted = of(damaged?.['log']).filter(
      (name) => Number(name.split(' ')[1]) < Number(damaged?.['taken_before']),
    )
    expect(new Set(rows.map((row) => `${row['log']} ${row['position']}`))).toEqual(
      new Set([...wanted, ...of(other?.['log'])]),
    )
  })

  it('says in every column of every file what the record and the bytes of the pump say', () => {
    let figures = 0
    const seen = new Set<string>()
    for (const row of made.json.rows) {
      const signed = at(row)
      const columns = made.json.tables[row.table] ?? []
      expect(Object.keys(row).filter((column) => !columns.includes(column))).toEqual(['table'])
      for (const column of columns) {
        const where = `${row.table} ${column} of ${row['log']} ${row['position']}`
        const said = row[column]
        if (OWN.includes(column)) continue
        if (SENTENCES.includes(column)) {
          const of = column === 'what_it_corrects' ? old(row) : signed
          const free = of && said !== undefined ? figuresNotIn(String(said), of.record) : []
          expect([where, said === undefined ? [] : free]).toEqual([where, []])
        } else if (said === undefined || said === '') {
          const blank = traced(row.table, column, signed, row)
          expect([where, blank === '' ? undefined : blank]).toEqual([where, undefined])
          continue
        } else {
          expect(`${where}: ${said}`).toBe(`${where}: ${traced(row.table, column, signed, row)}`)
        }
        if (said !== undefined) seen.add(`${row.table} ${column}`)
        figures += 1
      }
    }
    expect(figures).toBeGreaterThan(5_000)
    // What is never said in that year is blank in every row, and so are the bytes.
    const never = Object.entries(made.json.tables).flatMap(([table, columns]) =>
      columns.filter((column) => !seen.has(`${table} ${column}`) && !OWN.includes(column)),
    )
    expect(new Set(never.filter((column) => !/^drug_[2-5]_/.test(column)))).toEqual(
      new Set([
        ...[
          'patient_system',
          'patient_id',
          'patient',
          'contradicted',
          'reason',
          'argument',
          'not_valid',
          'not_read',
          'not_decoded',
        ],
        ...['infusion_bolus_volume_mL', 'infusion_bolus_rate_mL_per_day'],
        'bolus_last_accepted_at_pump_time',
      ]),
    )
    const mcg = made.of('readings').find((row) => row['drug_1_mass_unit'] === 'mcg')
    expect(mcg).toMatchObject({ drug_1_concentration_mcg_per_mL: 500.05, drug_2_mass_unit: 'mg' })
    expect(mcg?.['drug_1_concentration_mg_per_mL']).toBeUndefined()
  })

  it('shows on its pages the figures of those records', () => {
    const [heads = [], ...rows] = tables.get('Readings') ?? []
    const readings = made.of('readings').filter((row) => row['kind'] === 'interrogation')
    expect(rows).toHaveLength(readings.length)
    const cell = (row: string[], head: string) => row[heads.indexOf(head)]
    for (const [i, row] of rows.entries()) {
      const reading = readings[i] as Row
      const signed = at(reading)
      const ordinal = made.json.logs.findIndex((log) => log['log'] === reading['log']) + 1
      expect(cell(row, 'Record')).toBe(`${ordinal}:${signed.record.seq}`)
      const nl = Number(saidOf('reservoir_reported_volume_mL', signed))
      expect(Number(cell(row, 'Reservoir, reported (mL)'))).toBeCloseTo(nl, 1)
      const rate = Number(saidOf('infusion_rate_mL_per_day', signed))
      expect(cell(row, 'Rate set (mL/day)')).toBe(String(rate))
      expect(cell(row, 'Pump')).toBe(signed.record.pump)
    }
    expect(rows.some((row) => cell(row, 'Drugs as programmed')?.includes('500.05 mcg/mL'))).toBe(
      true,
    )
  })

  it('shows in every cell of a table figures that its record holds, and sums of those records', () => {
    const named = (cell: string) => {
      const [ordinal, position] = cell.split(':').map(Number)
      return lines.get(`${made.json.logs[(ordinal ?? 0) - 1]?.['log']} ${position}`)?.record
    }
    let cells = 0
    for (const [title, [heads = [], ...rows]] of tables) {
      if (heads[0] !== 'Record') continue
      for (const row of rows) {
        const [name = '', ...others] = row
        const record = named(name)
        if (!record) throw new Error(`${title}: no record ${name}`)
        for (const [i, cell] of others.entries()) {
          // Another record that the cell names, and what that one says.
          const [, other] = /record (\d+:\d+)/.exec(cell) ?? []
          const more = other === undefined ? undefined : named(other)
          const free = figuresNotIn(other ? cell.replace(other, '') : cell, record)
          const left = more ? free.filter((one) => figuresNotIn(one, more).length > 0) : free
          expect([title, heads[i + 1], name, cell, left]).toEqual([
            ...[title, heads[i + 1], name, cell],
            [],
          ])
          cells += 1
        }
      }
    }
    expect(cells).toBeGreaterThan(500)
    const records = made.of('records')
    const actors = tables.get('4 Who did what')?.slice(1) ?? []
    const by = (row: Row) =>
      row['actor'] === 'bridge'
        ? 'the bridge'
        : `${row['actor']} (${row['role']}, ${row['authenticated_by']})`
    expect(new Set(actors.map(([who]) => who))).toEqual(new Set(records.map(by)))
    for (const [who, ...counts] of actors) {
      const own = records.filter((row) => by(row) === who)
      const of = ['C', 'R', 'U', 'D', 'E'].map(
        (action) => own.filter((row) => row['action'] === action).length,
      )
      expect(counts.slice(0, 5).map(Number)).toEqual(of)
      expect(counts[5]?.split(' to ').map((one) => named(one)?.at)).toEqual([
        own[0]?.['at_utc'],
        own.at(-1)?.['at_utc'],
      ])
    }
    const readers = tables.get('3 Who read what')?.slice(1) ?? []
    for (const [who, route, pump, reads, refused, first, last, span] of readers) {
      const own = made
        .of('reads')
        .filter((row) => by(row) === who && row['route'] === route)
        .filter((row) => (row['pump'] ?? 'any') === pump)
      const sum = (column: string) => own.reduce((n, row) => n + Number(row[column]), 0)
      expect([Number(reads), Number(refused)]).toEqual([sum('reads'), sum('refused')])
      const ends = [own[0]?.['at_utc'], own.at(-1)?.['at_utc']].map(String)
      expect(span?.split(' to ').map((one) => named(one)?.at)).toEqual(ends)
      for (const [i, text] of [first, last].entries())
        expect(text?.slice(-8)).toBe(ends[i]?.slice(11, 19))
    }
  })

  it('counts on its cover and of each log what the records and the verification count', () => {
    const said = [...made.html.matchAll(/<dt>(.*?)<\/dt><dd>(.*?)<\/dd>/gs)].map(
      ([, label = '', value = '']) => [label, value] as const,
    )
    const of = (kind: string) => made.of('records').filter((row) => row['kind'] === kind)
    const bodies = (kind: string) =>
      of(kind).map((row) => at(row).record.body as { dropped: number })
    const lost = bodies('gap').reduce((n, { dropped }) => n + dropped, 0)
    const total = (field: string) => made.json.logs.reduce((n, log) => n + Number(log[field]), 0)
    const cover: readonly (readonly [string, string])[] = [
      ['Asked for', 'every pump, the whole log'],
      ['Pumps in it', [...new Set(made.of('readings').map((row) => row['pump']))].join(', ')],
      ['Records in it', String(made.of('records').length)],
      ['Gaps', `${of('gap').length}, with ${lost} records that could not be written`],
      ['Logs set aside', String(of('quarantine').length)],
      ['Changes of the signing key', String(of('key-rotation').length)],
      ['Jumps of the computer’s clock', String(of('clock-jump').length)],
      ['Records dropped by retention', String(total('dropped_by_retention'))],
    ]
    expect(said.slice(0, cover.length)).toEqual(cover)
    const perLog = made.json.logs.flatMap((log) => [
      ['Records', log['records']],
      ['Time', said.find(([label]) => label === 'Time')?.[1] && 'Time'],
      [
        'Taken into this report: records',
        `${log['first_kept']} to ${Number(log['taken_before']) - 1}`,
      ],
      ['Dropped by retention, hashes kept', log['dropped_by_retention']],
      ['Could not be written (gaps)', log['not_kept']],
      ['Vouched for by a key kept elsewhere', log['vouched_by_key']],
      ['Vouched for by a checkpoint kept elsewhere', log['vouched_by_checkpoint']],
      ['Vouched for by nothing', log['vouched_by_nothing']],
      ['Readings decoded again from their bytes', log['decoded_again']],
    ])
    const own = said.slice(said.findIndex(([label]) => label === 'Records'))
    expect(own.map(([label, value]) => [label, label === 'Time' ? 'Time' : value])).toEqual(
      perLog.map(([label, value]) => [label, String(value)]),
    )
    // The verification's figures are those of the lines themselves.
    for (const log of made.json.logs) {
      const kept_ = [...lines].filter(([name]) => name.startsWith(`${log['log']} `))
      const taken = kept_.map(([, one]) => one.record).filter((r) => r.seq < Number(log['records']))
      expect(Number(log['first_kept'])).toBe(Math.min(...taken.map(({ seq }) => seq)))
      expect(log['dropped_by_retention']).toBe(log['first_kept'])
      expect(log['decoded_again']).toBe(taken.filter((r) => r.pdus !== undefined).length)
      expect([log['from_utc'], log['to_utc']]).toEqual([
        taken.map((r) => r.at).sort()[0],
        expect.any(String),
      ])
    }
  })

  it('tells what happened to the log, whole', () => {
    const all = [...lines.values()].map(({ record }) => record)
    const row = (title: string) => tables.get(title)?.slice(1) ?? []
    const of = <K extends AuditRecord['kind']>(kind: K) =>
      all.filter((r): r is Extract<AuditRecord, { kind: K }> => r.kind === kind)
    const gaps = of('gap')
    expect(row('Gaps: what could not be written').map((cells) => Number(cells[4]))).toEqual(
      gaps.map(({ body }) => body.dropped),
    )
    expect(gaps.length).toBe(1)
    expect(row('Logs set aside').map((cells) => cells[2])).toEqual(
      of('quarantine').map(({ body }) => body.log),
    )
    expect(row('Logs accepted as they are')[0]).toEqual(
      expect.arrayContaining(['amy (operator, pin)', 'the disk was changed']),
    )
    expect(row('Changes of the signing key').map((cells) => cells.slice(3, 5))).toEqual(
      of('key-rotation').map(({ body }) => [body.from, body.to]),
    )
    const jumps = row('Jumps of the computer’s clock').map((cells) => Number(cells[4]) * 1_000)
    expect(jumps).toEqual(of('clock-jump').map(({ body }) => body.sizeMs))
    expect(jumps.map((ms) => Math.round(ms / 86_400_000))).toEqual(expect.arrayContaining([-40]))
    const [retention] = of('retention').toReversed()
    expect(row('Retention: entries dropped by rule').at(-1)?.[2]).toBe(
      String(retention?.body.position),
    )
    expect(row('New files of the log').map((cells) => cells[3])).toContain(
      'after a failed write or an unclean end',
    )
    const starts = row('Starts and ends of the bridge').filter((cells) => cells[2] === 'start')
    expect(starts.every((cells) => cells[3]?.includes('as clinic (uid 1000)'))).toBe(true)
    expect(starts).toHaveLength(of('start').length)
  })

  it('tells who read and who did what, and corrections beside what they correct', () => {
    const reads = tables.get('3 Who read what')?.slice(1) ?? []
    const sum = [...lines.values()]
      .filter(({ record }) => record.kind === 'read-access')
      .reduce((n, { record }) => n + (record.body as { reads: number }).reads, 0)
    expect(reads.reduce((n, cells) => n + Number(cells[3]), 0)).toBe(sum)
    expect(reads[0]).toEqual(
      expect.arrayContaining(['tok-ehr (reader, token)', '/api/v1/pumps/{id}', 'SIM-0001']),
    )
    const actors = tables.get('4 Who did what')?.slice(1) ?? []
    for (const [i, action] of ['C', 'R', 'U', 'D', 'E'].entries()) {
      const counted = made
        .of('records')
        .filter((row) => row['actor'] === 'amy' && row['action'] === action)
      const amy = actors.find(([who]) => who === 'amy (operator, pin)')
      expect(amy?.[i + 1]).toBe(String(counted.length))
    }
    const entries = tables.get('Refill worksheets')?.slice(1) ?? []
    const corrections = made.of('worksheets').filter((row) => row['corrects'] !== undefined)
    expect(corrections.length).toBeGreaterThan(2)
    for (const row of corrections) {
      const ordinal = made.json.logs.findIndex((log) => log['log'] === row['log']) + 1
      const own = entries.find((cells) => cells[0] === `${ordinal}:${row['position']}`)
      const old = entries.find((cells) => cells[0] === `${ordinal}:${row['corrects']}`)
      expect(own?.[5]).toContain('Aspirated: 2.4 mL')
      expect(own?.[6]).toMatch(
        new RegExp(`Corrects record ${ordinal}:${row['corrects']}.*Aspirated: 4.2 mL`),
      )
      expect(old?.[6]).toContain(`Corrected by record ${ordinal}:${row['position']}`)
      expect(at(row).record.refs?.corrects).toBe(row['corrects'])
      const was = lines.get(`${row['log']} ${row['corrects']}`)?.record.body
      expect(was).toMatchObject({ entries: { volume: 4_200_000 } })
    }
  })

  it('says what vouches for it, and names its own files', () => {
    const [damaged, other] = made.json.logs
    expect(damaged).toMatchObject({ intact: false, ok: true, accepted: { actor: { id: 'amy' } } })
    const size = sizeOf(pinned.checkpoint)
    expect(other).toMatchObject({ intact: true, vouched_by_checkpoint: size, vouched_by_key: 0 })
    expect(made.html).toContain(String(other?.['sentence']))
    expect(made.out).toContain('are vouched for by the checkpoint kept elsewhere')
    const files = tables.get('6 How to check this report')?.slice(1) ?? []
    expect(files.map(([name]) => name).sort()).toEqual(
      readdirSync(made.dir)
        .filter((name) => name !== 'year.html')
        .sort(),
    )
    for (const [name = '', rows, sha256] of files) {
      const bytes = readFileSync(join(made.dir, name))
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256)
      if (name === 'year.json') continue
      expect(made.of(/year\.(.*)\.csv/.exec(name)?.[1] ?? '')).toHaveLength(Number(rows))
    }
    const kinds = tables.get('Records by kind')?.slice(1) ?? []
    for (const [kind, n] of kinds)
      expect(made.of('records').filter((row) => row['kind'] === kind)).toHaveLength(Number(n))
  })

  it('gives tables that another program reads to the same rows', () => {
    const script =
      'import csv,sys,json\nprint(json.dumps(list(csv.DictReader(open(sys.argv[1], newline=""))))) '
    for (const [table, columns] of Object.entries(made.json.tables)) {
      const path = join(made.dir, `year.${table}.csv`)
      const { stdout } = spawnSync('python3', ['-c', script, path], {
        encoding: 'utf8',
        maxBuffer: 1 << 28,
      })
      const rows = JSON.parse(stdout) as Record<string, string>[]
      const own = made.of(table)
      expect(rows).toHaveLength(own.length)
      for (const [i, row] of rows.entries()) {
        expect(Object.keys(row)).toEqual(columns)
        for (const [column, cell] of Object.entries(row)) {
          const value = own[i]?.[column]
          if (typeof value === 'number') expect(Number(cell)).toBe(value)
          else if (value === undefined) expect(cell).toBe('')
        }
      }
    }
  })

  it('takes no text for markup, and none for a formula', () => {
    expect(made.html).not.toContain('<script')
    expect(made.html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;\\u{1b}[2K\\u{202e}=1+1')
    expect(made.html).not.toContain('\u202e')
    expect(JSON.stringify(made.of('worksheets'))).toContain(JSON.stringify(HOSTILE).slice(1, -1))
  })

  it('is printed with its pages numbered and the simulator marked on each', ({ skip }) => {
    skip(!CHROMIUM && process.env['CI'] !== 'true', NO_CHROMIUM)
    const pdf = join(made.dir, 'year.pdf')
    spawnSync(CHROMIUM ?? 'chromium', [
      ...['--headless=new', '--no-sandbox', '--disable-gpu', '--no-pdf-header-footer'],
      ...[`--user-data-dir=${join(made.dir, 'profile')}`, `--print-to-pdf=${pdf}`],
      `file://${join(made.dir, 'year.html')}`,
    ])
    const { stdout } = spawnSync('pdftotext', ['-layout', pdf, '-'], { encoding: 'utf8' })
    const pages = stdout.split('\f').slice(0, -1)
    expect(pages.length).toBeGreaterThan(3)
    for (const [i, page] of pages.entries()) {
      expect(page).toContain('SIMULATOR. These are not readings of a patient’s pump.')
      expect(page).toContain(`Page ${i + 1} of ${pages.length}`)
    }
  })

  it('is for its owner only, and never written over anything', () => {
    for (const name of readdirSync(made.dir).filter((one) => one.startsWith('year.')))
      if (name !== 'year.pdf') expect(statSync(join(made.dir, name)).mode & 0o777).toBe(0o600)
    const again = audit('report', '--state-dir', state, '--out', join(made.dir, 'year.html'))
    expect(again).toMatchObject({ code: 2, out: '' })
    const other = temporary()
    writeFileSync(join(other, 'x.json'), '')
    expect(audit('report', '--state-dir', state, '--out', join(other, 'x.html')).code).toBe(2)
    expect(readdirSync(other)).toEqual(['x.json'])
  })
})

const sizeOf = (checkpoint: string) => Number(checkpoint.split('\n')[1])

describe('a report of a part', () => {
  it('has the time and the pump that were asked for, and of the log everything', () => {
    const from = '2026-06-01T00:00:00.000Z'
    const made = report('--from', from, '--to', '2026-09-01', '--pump', 'SIM-0001')
    const rows = made.of('records')
    const ofLog = [
      'gap',
      'quarantine',
      'accept',
      'key-rotation',
      'retention',
      'segment',
      'packed',
      'clock-jump',
    ]
    const inside = rows.filter((row) => !ofLog.includes(String(row['kind'])))
    expect(inside.length).toBeGreaterThan(20)
    for (const row of inside) {
      expect(String(row['at_utc']) >= from && String(row['at_utc']) < '2026-09-01').toBe(true)
      expect(row['pump'] ?? 'SIM-0001').toBe('SIM-0001')
    }
    expect(rows.some((row) => row['kind'] === 'gap' && String(row['at_utc']) < from)).toBe(true)
    expect(made.html).toContain('from 01-Jun-2026 00:00:00 before 01-Sep-2026 00:00:00')
    const nobody = report('--pump', 'NOBODY')
    expect(nobody.code).toBe(0)
    expect(nobody.html).toContain('No pump was read in this time.')
  })

  it('of a log that is not intact ends with 1 and says so first', () => {
    const made = report('--log', kept[0]?.log ?? '')
    expect(made.code).toBe(1)
    expect(made.html).toMatch(/class="loud">A log is not intact, or missing/)
    const { key = '', log = '' } = kept[9] ?? {}
    const whole = report('--log', log, '--key', key)
    expect(whole.code).toBe(0)
    expect(whole.html).toContain('Everything is vouched for by what was kept elsewhere.')
    for (const row of whole.json.rows) expect(row['vouched_by']).toBe('key')
  })
})

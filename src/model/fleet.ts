// The pumps of many sites at a glance, the worst first: what the overview of a fleet shows. Schema first,
// types from it; how it is put in order is here, too. Pure, browser-safe.
import * as z from 'zod'
import { daysLeft, type Infusing, infusingOf } from './infusing.ts'
import { alarmsInOrder } from './reading.ts'
import type { InterrogationRecord } from './record.ts'
import { utcSchema } from './value.ts'

export const overviewSchema = z
  .object({
    asOf: utcSchema,
    brokerLostAt: utcSchema.nullable().meta({
      description: 'Since when the broker does not answer; null = it does.',
    }),
    sites: z.array(
      z.object({
        site: z.string(),
        log: z.string().nullable(),
        records: z.number().int(),
        lastAt: utcSchema.nullable().meta({ description: 'The newest that it said of itself.' }),
        silent: z.boolean().meta({ description: 'Nothing was heard of it for half a minute.' }),
        apart: z.boolean().meta({
          description: 'Nothing of it is sent, because the broker has another history of its log.',
        }),
        keyLostAt: utcSchema.nullable().meta({
          description:
            'Since when the broker does not let in the key of this site, or the key is gone, while those of others are let in: nothing of the site comes. Null = its key is let in, or the broker is away.',
        }),
        pumps: z.number().int(),
        unclosed: z.number().int().meta({
          description: 'Sessions of which no confirmed close is known, of whichever pump.',
        }),
      }),
    ),
    pumps: z
      .array(
        z.object({
          site: z.string(),
          id: z.string(),
          serial: z.string(),
          model: z.string().nullable(),
          readAt: utcSchema.nullable(),
          ageMs: z.number().nonnegative().nullable(),
          infusing: z.enum(['programmed', 'minimum-rate', 'nothing', 'unknown']),
          critical: z.number().int().nullable().meta({
            description: 'Alarms that are critical, or of no known class; null = not read.',
          }),
          alarms: z.number().int().nullable(),
          alarmCodes: z.array(z.string().nullable()).nullable().meta({
            description: 'The same by their codes, the worst first.',
          }),
          unclosed: z.number().int().meta({
            description: 'Its sessions of which no confirmed close is known.',
          }),
          daysLeft: z.number().int().nullable().meta({
            description: 'Days until the pump expects its low-reservoir alarm; null = not known.',
          }),
          dueThisWeek: z.boolean(),
          silent: z.boolean().meta({ description: 'Its site is silent.' }),
        }),
      )
      .meta({ description: 'The worst first.' }),
  })
  .meta({ id: 'FleetOverview', description: 'What was read, never what is live.' })
export type Overview = z.infer<typeof overviewSchema>
export type OverviewPump = Overview['pumps'][number]

const WEEK = 7
const MILD: readonly (string | null)[] = ['non-critical', 'log-only']

interface PumpOfSite {
  readonly site: string
  readonly silent: boolean
  readonly unclosed: number
  readonly id: string
  readonly serial: string
  readonly model: string | null
  /** Its newest whole reading; null = there is none. */
  readonly reading: InterrogationRecord | null
}

export function overviewPump(
  { site, silent, unclosed, id, serial, model, reading }: PumpOfSite,
  asOf: string,
): OverviewPump {
  const alarms = reading?.alarms ?? null
  const left = reading && daysLeft(reading, asOf)
  return {
    ...{ site, id, serial, model, silent, unclosed },
    readAt: reading?.readAt ?? null,
    ageMs: reading && Math.max(0, Date.parse(asOf) - Date.parse(reading.readAt)),
    infusing: reading ? infusingOf(reading) : 'unknown',
    critical: alarms?.filter((one) => !MILD.includes(one.class)).length ?? null,
    alarms: alarms?.length ?? null,
    alarmCodes: alarms && alarmsInOrder(alarms).map(({ code }) => code),
    daysLeft: left,
    dueThisWeek: left !== null && left < WEEK,
  }
}

const INFUSING: Readonly<Record<Infusing, number>> = {
  nothing: 0,
  'minimum-rate': 2,
  unknown: 3,
  programmed: 9,
}

/** 0 = somebody has to look at it at once. */
function rank(pump: OverviewPump): number {
  const { critical, alarms, infusing, daysLeft: left, silent, unclosed } = pump
  const all = [
    unclosed > 0 ? 0 : 9,
    critical !== null && critical > 0 ? 0 : 9,
    INFUSING[infusing],
    left !== null && left < 0 ? 1 : 9,
    alarms !== null && alarms > 0 ? 4 : 9,
    left !== null && left < WEEK ? 5 : 9,
    silent ? 6 : 9,
    alarms === null ? 7 : 9,
  ]
  return Math.min(...all)
}

export const worstFirst = (pumps: readonly OverviewPump[]): OverviewPump[] =>
  [...pumps].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      (a.daysLeft ?? Number.MAX_SAFE_INTEGER) - (b.daysLeft ?? Number.MAX_SAFE_INTEGER) ||
      (a.site < b.site ? -1 : a.site > b.site ? 1 : a.id < b.id ? -1 : 1),
  )

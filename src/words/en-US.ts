// Everything people read on the page and on the refill sheet, in US English. Another language is one
// more file of this shape. Numbers, units, dates and ages are not here: they are src/model/format.ts's,
// and come in as text. Times come in the clinic's zone, or by the pump's clock where that is said.
import { change, fields, items } from './en-US/fields.ts'
import { fleet } from './en-US/fleet.ts'
import { page } from './en-US/page.ts'
import { refill } from './en-US/refill.ts'
import { statements } from './en-US/statements.ts'

export const enUS = {
  source: {
    device: '',
    simulator: 'Simulator. These are not readings of a patient’s pump.',
    replay: 'Replay of a recording. These readings are not of this moment.',
  },
  notAvailable: 'not available',
  notValid: (raw: string) => `not valid (raw ${raw})`,
  /** A mass whose unit the pump does not say: the integer as it came, in no unit. */
  noMassUnit: (raw: string) => `unit not reported (raw ${raw})`,
  /** Parts of a reading of which the wand sent nothing that makes sense. */
  notRead: 'could not be read',
  unread: (what: string, why: string) => `${what} could not be read: ${why}.`,
  block: {
    identity: 'What the pump says of itself',
    catheter: 'The catheter',
    status: 'The state of the pump',
    reservoir: 'The reservoir',
    infusion: 'The infusion',
    drugs: 'The drugs',
    bolus: 'The patient bolus',
    alarms: 'The pump’s alarms',
    events: 'The pump’s event log',
    battery: 'The battery',
    clock: 'The pump’s clock',
  },
  blockFault: {
    'block-malformed': 'what the wand sent makes no sense',
    'block-listed-twice': 'the wand sent two of them',
    'block-missing': 'the wand did not send it',
  },
  /** There is no such item in a reading. */
  absent: '–',
  notMeasured: 'reported by the pump, not measured',

  // Codes of the protocol. What is newer than this table is shown as it came.
  alarm: {
    'low-reservoir': 'Low reservoir',
    'empty-reservoir': 'Empty reservoir',
    'replacement-due': 'Replacement due (ERI)',
    'end-of-service': 'End of service',
    'motor-stall': 'Motor stall',
    'stopped-over-48h': 'Stopped for more than 48 hours',
    'memory-error': 'Memory error',
    'critical-memory-error': 'Critical memory error',
    'low-battery-reset': 'Reset after low battery',
  },
  alarmState: { inactive: 'inactive', active: 'active', latched: 'latched: over, still signaled' },
  event: {
    'alarm-raised': 'Alarm raised',
    'alarm-cleared': 'Alarm cleared',
    'stall-began': 'Stall began',
    'stall-recovered': 'Stall recovered',
    programmed: 'Programmed',
    'refill-programmed': 'Refill programmed',
    'patient-bolus-accepted': 'Patient bolus given',
    'patient-bolus-denied': 'Patient bolus denied',
    'single-bolus-began': 'Single bolus began',
    'single-bolus-ended': 'Single bolus ended',
    'pump-stopped': 'Pump stopped',
    'pump-started': 'Pump started',
    'clock-reset': 'Pump clock reset',
    'pump-restarted': 'Pump restarted',
    'telemetry-began': 'Telemetry began',
    'telemetry-ended': 'Telemetry ended',
    'replacement-due': 'Replacement due (ERI)',
    'end-of-service': 'End of service',
  },
  clock: {
    none: 'The pump gives no time.',
    unknown:
      'How far the pump’s clock is from this computer’s is not known: the wand does not say when it asked.',
    agrees: (zone: string) => `The pump’s clock agrees with this computer’s (${zone}).`,
    ahead: (by: string, zone: string) =>
      `The pump’s clock is ${by} ahead of this computer’s (${zone}).`,
    behind: (by: string, zone: string) =>
      `The pump’s clock is ${by} behind this computer’s (${zone}).`,
  },
  onOff: { off: 'Off', on: 'On' },
  mode: {
    stopped: 'Stopped',
    'simple-continuous': 'Simple continuous',
    flex: 'Flex (by time of day)',
    'single-bolus': 'Single bolus',
    'minimum-rate': 'Minimum rate',
  },
  /** What a pump gives, where it is not what was programmed. */
  infusing: {
    programmed: '',
    'minimum-rate': 'Minimum rate only',
    nothing: 'Not infusing',
    unknown: 'Not known whether it infuses',
  },
  pumpState: {
    running: 'Running, as far as the pump knows',
    stopped: 'Stopped',
    stalled: 'Stalled',
    'minimum-rate': 'Minimum rate',
    'end-of-service': 'End of service',
    'valve-closed': 'Valve closed',
  },
  battery: {
    ok: 'No replacement due',
    'replacement-due': 'Replacement due (ERI)',
    'end-of-service': 'End of service',
  },
  position: {
    good: 'good',
    'move-closer': 'move closer',
    turn: 'turn the wand',
    'no-implant': 'no pump in reach',
  },
  statements,
  /** Of messages that a destination would not take. */
  parked: (n: number): string => `${n} set aside: wandbridge hl7 send --parked.`,

  field: fields,
  item: items,
  change,
  fleet,
  page,
  refill,
}

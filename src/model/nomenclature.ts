// The codes that go to clinic software, each with where it was read and how sure that is. Only codes
// marked V (read in a named source) or V2 (the same in two independent sources) are ever given as MDC;
// whatever has none stands in a code system of our own, with its text. Browser-safe.
import { ALARM_CLASSES, ALARM_CODES, ALARM_STATES } from '../../protocol/fields/alarms.ts'
import { BATTERY_STATES } from '../../protocol/fields/battery.ts'
import { MASS_UNITS } from '../../protocol/fields/drugs.ts'
import { EVENT_CODES } from '../../protocol/fields/events.ts'
import { INFUSION_MODES } from '../../protocol/fields/infusion.ts'
import { PUMP_STATES } from '../../protocol/fields/status.ts'

export type Mark = 'V' | 'V2' | 'own'

export interface Code {
  /** MDC: context-free number, partition × 65536 + term. Null = of our own system. */
  readonly mdc: number | null
  /** Reference id; ours begin with MDCX_. */
  readonly ref: string
  readonly text: string
  readonly mark: Mark
  readonly source: string
}

export const MDC_SYSTEM = 'urn:iso:std:iso:11073:10101'
export const OWN_SYSTEM = 'urn:wandbridge:codesystem:mdcx'

const SAMPLES = 'IHE PCD sample messages; ISO/IEEE 11073-10101'
const NOMENCLATURE = 'ISO/IEEE 11073-10101'
const NONE = 'No verified code exists.'

const mdc = (mdc: number, ref: string, text: string, mark: 'V' | 'V2'): Code => ({
  mdc,
  ref,
  text,
  mark,
  source: mark === 'V2' ? SAMPLES : NOMENCLATURE,
})
const own = (ref: string, text: string, source = NONE): Code => ({
  mdc: null,
  ref: `MDCX_${ref}`,
  text,
  mark: 'own',
  source,
})

/** Every MDC code that is given away. */
export const MDC = {
  mds: mdc(69985, 'MDC_DEV_PUMP_INFUS_MDS', 'Infusion pump system', 'V2'),
  vmd: mdc(69986, 'MDC_DEV_PUMP_INFUS_VMD', 'Infusion pump', 'V2'),
  delivery: mdc(70067, 'MDC_DEV_PUMP_DELIVERY_INFO', 'Delivery of the pump', 'V2'),
  primary: mdc(70071, 'MDC_DEV_PUMP_INFUSATE_SOURCE_PRIMARY', 'Reservoir', 'V2'),
  rateSet: mdc(157784, 'MDC_FLOW_FLUID_PUMP', 'Rate set', 'V2'),
  rateCurrent: mdc(158014, 'MDC_FLOW_FLUID_PUMP_CURRENT', 'Current rate', 'V2'),
  volumeRemaining: mdc(157872, 'MDC_VOL_FLUID_TBI_REMAIN', 'Volume still to be given', 'V2'),
  concentration: mdc(157760, 'MDC_CONC_DRUG', 'Concentration of the drug', 'V2'),
  dose: mdc(157924, 'MDC_RATE_DOSE', 'Dose of the drug over time', 'V2'),
  drugName: mdc(184514, 'MDC_DRUG_NAME_LABEL', 'Name of the drug as entered', 'V2'),
  mode: mdc(184504, 'MDC_PUMP_MODE', 'Infusion mode', 'V2'),
  state: mdc(184508, 'MDC_PUMP_STAT', 'State of the pump', 'V2'),
  charge: mdc(67996, 'MDC_ATTR_VAL_BATT_CHARGE', 'Battery charge', 'V2'),
  model: mdc(67880, 'MDC_ATTR_ID_MODEL', 'Model', 'V'),
  firmware: mdc(531976, 'MDC_ID_PROD_SPEC_FW', 'Firmware version', 'V'),
  alarm: mdc(196616, 'MDC_EVT_ALARM', 'Alarm', 'V2'),
  empty: mdc(196634, 'MDC_EVT_EMPTY', 'Empty', 'V'),
  delivStart: mdc(197288, 'MDC_EVT_PUMP_DELIV_START', 'Delivery has begun', 'V2'),
  alertSource: mdc(68480, 'MDC_ATTR_ALERT_SOURCE', 'Source of the alert', 'V2'),
  eventPhase: mdc(68481, 'MDC_ATTR_EVENT_PHASE', 'Phase of the event', 'V2'),
  alarmState: mdc(68482, 'MDC_ATTR_ALARM_STATE', 'State of the alarm', 'V2'),
  inactivation: mdc(68483, 'MDC_ATTR_ALARM_INACTIVATION_STATE', 'Inactivation', 'V2'),
  priority: mdc(68484, 'MDC_ATTR_ALARM_PRIORITY', 'Priority of the alarm', 'V2'),
  alertType: mdc(68485, 'MDC_ATTR_ALERT_TYPE', 'Type of the alert', 'V2'),
} as const satisfies Readonly<Record<string, Code>>

const ASKED = 'What the pump was asked to give is not what was delivered, so no MDC volume is.'

/** Codes of our own, for what has no verified one. */
export const OWN = {
  drug: own('DEV_PUMP_DRUG', 'One drug in the reservoir'),
  interrogation: own('INTERROGATION', 'Interrogation of an implanted pump'),
  refill: own('REFILL', 'Refill as the pump reports it'),
  stateSince: own('PUMP_STATE_SINCE', 'When the pump entered its state'),
  programmedAt: own('PUMP_PROGRAMMED_AT', 'When the pump was last programmed'),
  restarts: own('PUMP_RESTARTS', 'Restarts of the pump, ever'),
  volumeDay: own('PUMP_VOLUME_PER_DAY', 'Volume of one day at the programme', ASKED),
  bolusRate: own('PUMP_BOLUS_RATE', 'Rate of the single bolus'),
  stepRate: own('PUMP_SCHEDULE_STEP_RATE', 'Rate of one step of the schedule'),
  stepStart: own('PUMP_SCHEDULE_STEP_START', 'Start of the step, from midnight of the pump'),
  ptbEnabled: own('PUMP_PATIENT_BOLUS_ENABLED', 'Whether the patient may ask for a bolus'),
  ptbVolume: own('PUMP_PATIENT_BOLUS_VOLUME', 'Volume of one patient bolus'),
  ptbDuration: own('PUMP_PATIENT_BOLUS_DURATION', 'Duration of one patient bolus'),
  ptbLockout: own('PUMP_PATIENT_BOLUS_LOCKOUT', 'Lockout from one patient bolus to the next'),
  ptbMost: own('PUMP_PATIENT_BOLUS_MAX_PER_DAY', 'Most patient boluses in 24 h'),
  ptbGiven: own('PUMP_PATIENT_BOLUS_GIVEN_24H', 'Patient boluses given in the last 24 h'),
  ptbAccepted: own('PUMP_PATIENT_BOLUS_ACCEPTED', 'Patient boluses accepted since programming'),
  ptbDenied: own('PUMP_PATIENT_BOLUS_DENIED', 'Patient boluses denied since programming'),
  ptbLast: own('PUMP_PATIENT_BOLUS_LAST', 'When the last patient bolus was accepted'),
  reported: own('PUMP_RESERVOIR_VOLUME_REPORTED', 'Reservoir volume reported, not measured'),
  capacity: own('PUMP_RESERVOIR_CAPACITY', 'Nominal capacity of the reservoir'),
  lowVolume: own(
    'PUMP_RESERVOIR_LOW_ALARM_VOLUME',
    'Volume at which the low-reservoir alarm comes',
  ),
  lowDate: own('PUMP_RESERVOIR_LOW_ALARM_DATE', 'When the pump expects its low-reservoir alarm'),
  filledAt: own('PUMP_RESERVOIR_FILLED_AT', 'When the last refill was programmed'),
  filledVolume: own('PUMP_RESERVOIR_FILLED_VOLUME', 'Volume programmed at the last refill'),
  batteryState: own('PUMP_BATTERY_STATE', 'State of the battery and the service life'),
  voltage: own('PUMP_BATTERY_VOLTAGE', 'Battery voltage'),
  replacement: own('PUMP_REPLACEMENT_DATE', 'When replacement is due (ERI)'),
  serviceEnd: own('PUMP_SERVICE_END_DATE', 'When service ends'),
  infusedTotal: own('PUMP_VOLUME_ASKED_TOTAL', 'Volume asked to leave since implantation', ASKED),
  catheterModel: own('CATHETER_MODEL', 'Model of the catheter'),
  catheterImplanted: own('CATHETER_IMPLANTED', 'When the catheter was implanted, as entered'),
  catheterLength: own('CATHETER_LENGTH', 'Implanted length of the catheter'),
  catheterVolume: own('CATHETER_VOLUME', 'Volume inside the catheter'),
  clockTime: own('PUMP_CLOCK', "The pump's clock at the reading, without zone"),
  clockOffset: own('PUMP_CLOCK_OFFSET', "The pump's clock, read as UTC, minus the computer's"),
  clockUncertainty: own('PUMP_CLOCK_OFFSET_UNCERTAINTY', 'Uncertainty of the offset of the clock'),
  clockResets: own('PUMP_CLOCK_RESETS', 'How often the clock has lost its time, ever'),
  alarmCount: own('PUMP_ALARMS', 'Alarms the pump reports as active or latched'),
  alarmClass: own('PUMP_ALARM_CLASS', "The pump's own class of the alarm"),
  occurredAt: own('PUMP_ALARM_OCCURRED_AT', 'When the condition began, as far as the pump knows'),
  detectedAt: own('PUMP_ALARM_DETECTED_AT', 'When the pump noticed it'),
  event: own('PUMP_EVENT', 'What the pump has logged itself'),
  eventNumber: own('PUMP_EVENT_NUMBER', "The pump's own number of the event"),
  eventOccurred: own('PUMP_EVENT_OCCURRED_AT', 'When it happened, as far as the pump knows'),
  eventDetected: own('PUMP_EVENT_DETECTED_AT', 'When the pump noticed and logged it'),
  eventVolume: own('PUMP_EVENT_VOLUME', 'Volume that the event is about', ASKED),
  eventRate: own('PUMP_EVENT_RATE', 'Rate that was programmed'),
} as const satisfies Readonly<Record<string, Code>>

/** Values that are words, after the protocol's own tables; each is a code system of ours. */
export const ENUMS = {
  'pump-state': { title: 'States of the pump', names: PUMP_STATES },
  'infusion-mode': { title: 'Infusion modes', names: INFUSION_MODES },
  'battery-state': { title: 'States of the battery', names: BATTERY_STATES },
  'alarm-code': { title: 'Alarm conditions of the pump', names: ALARM_CODES },
  'alarm-class': { title: "The pump's own alarm classes", names: ALARM_CLASSES },
  'pump-event': { title: "Events of the pump's own list", names: EVENT_CODES },
  'alarm-state': { title: 'States of an alarm', names: ALARM_STATES },
  'on-off': { title: 'On or off', names: { 0: 'off', 1: 'on' } },
  'mass-unit': { title: 'Mass units as programmed', names: MASS_UNITS },
  about: {
    title: 'What a value is about: the patient, how the pump is set, or the pump itself',
    names: { 1: 'clinical', 2: 'setting', 3: 'technical' },
  },
} as const
export type EnumName = keyof typeof ENUMS

export const enumSystem = (name: EnumName) => `urn:wandbridge:codesystem:${name}`
export const isMember = (name: EnumName, code: string) =>
  (Object.values(ENUMS[name].names) as string[]).includes(code)

/** Events of the pump's alarm conditions: of MDC where one is verified, else of our own system. */
export const ALARM_EVENTS: Readonly<Record<string, Code>> = Object.fromEntries(
  Object.values(ALARM_CODES).map((word) => [
    word,
    word === 'empty-reservoir'
      ? MDC.empty
      : own(
          `EVT_${word.toUpperCase().replaceAll('-', '_')}`,
          `Alarm: ${word.replaceAll('-', ' ')}`,
        ),
  ]),
)

/** Events of the pump's own list, likewise. */
export const PUMP_EVENTS: Readonly<Record<string, Code>> = Object.fromEntries(
  Object.values(EVENT_CODES).map((word) => [
    word,
    word === 'pump-started'
      ? MDC.delivStart
      : own(
          `PUMP_EVT_${word.toUpperCase().replaceAll('-', '_')}`,
          `The pump logged: ${word.replaceAll('-', ' ')}`,
        ),
  ]),
)

/** What a word of a table is as an event; null = it is a word alone. */
export function eventCode(values: EnumName, word: string): Code | null {
  const events = values === 'alarm-code' ? ALARM_EVENTS : values === 'pump-event' ? PUMP_EVENTS : {}
  return events[word] ?? null
}

/** All of our own system. */
export const OWN_CODES: readonly Code[] = [
  ...Object.values(OWN),
  ...[...Object.values(ALARM_EVENTS), ...Object.values(PUMP_EVENTS)].filter(
    ({ mdc }) => mdc === null,
  ),
]

/** From the pump's own class to the priority of IHE PCD-04: our proposal, so the class goes with it. */
export const PRIORITIES: Readonly<Record<string, 'PH' | 'PL' | 'PN'>> = {
  critical: 'PH',
  'non-critical': 'PL',
  'log-only': 'PN',
}

interface UnitCode {
  readonly mdc: number
  readonly ref: string
  readonly mark: 'V' | 'V2'
}
/** MDC units by UCUM. Units that are not here have no verified number and go as UCUM alone. */
export const MDC_UNITS: Readonly<Record<string, UnitCode>> = {
  mL: { mdc: 263762, ref: 'MDC_DIM_MILLI_L', mark: 'V2' },
  'mg/mL': { mdc: 264306, ref: 'MDC_DIM_MILLI_G_PER_ML', mark: 'V2' },
  '%': { mdc: 262688, ref: 'MDC_DIM_PERCENT', mark: 'V' },
  s: { mdc: 264320, ref: 'MDC_DIM_SEC', mark: 'V' },
  min: { mdc: 264352, ref: 'MDC_DIM_MIN', mark: 'V' },
}

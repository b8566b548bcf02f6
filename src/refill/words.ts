// Every word of the worksheet, one typed object a language: another language is one more object. Plain
// sentences: what is so, what it means, what to do next. Numbers come ready from the one formatter.
import { type Locale, unitText } from '../model/format.ts'
import { MISTAKES } from './words-mistakes.ts'
import { PAPER } from './words-paper.ts'

const enUS = {
  ...MISTAKES,
  ...PAPER,
  lang: 'en-US',
  product: 'wandbridge',
  title: 'Refill worksheet',
  purpose:
    'This worksheet writes down what people do and what the pump reports. It sends nothing to the pump. It is not a medical device and not for patient care.',
  simulator: 'SIMULATOR. A practice refill: these are not readings of a patient’s pump.',
  replay: 'REPLAY of a recording. These readings are not of this moment.',

  step: {
    identity: 'Identity',
    before: 'Reading before',
    drug: 'Drug on the syringe',
    aspirated: 'Aspirated',
    injected: 'Injected',
    handover: 'Program the pump',
    after: 'Reading after',
    finish: 'Finish',
    abandoned: 'Stopped',
  },
  stepOf: (n: number, of: number) => `Step ${n} of ${of}`,
  lead: {
    identity:
      'Take the patient’s card. Type the last four characters of the serial number of the pump, from the card and not from a screen. The sheet is then locked to that pump.',
    before: 'Hold the wand over the pump. The reading is taken from the pump and not typed.',
    drug: 'Type what the label of the syringe says. It is put beside what the pump is programmed with.',
    aspirated: 'Drain the reservoir fully. Type how much came out of the pump.',
    injected: 'Type how much was injected into the reservoir.',
    handover:
      'Now program the pump with the pump maker’s own programmer. This worksheet cannot do that. Come back when it is done.',
    after: 'Hold the wand over the pump again. What changed is shown, and what did not.',
    finish: 'Who did it, who checked it, and what was done about anything that did not agree.',
    abandoned: 'The sheet stays in the audit log as it is. It cannot be continued.',
  },
  field: {
    card: 'Last four characters of the serial number, from the patient’s card',
    pseudonym: 'Patient pseudonym, never a name (may stay empty)',
    name: 'Drug on the label',
    concentration: 'Concentration on the label',
    mass: 'Unit on the label',
    lot: 'Lot',
    expiry: 'Expiry date',
    preparer: 'Prepared by',
    aspirated: 'Volume aspirated, in mL',
    discardedBy: 'Discarded by',
    witnessedBy: 'Witnessed by (another person)',
    injected: 'Volume injected, in mL',
    programmed: 'Has the pump been programmed?',
    operator: 'Operator',
    checker: 'Second checker (another person)',
    action: 'What was done about what did not agree',
    remark: 'What was done about it',
    reason: 'Why the sheet is stopped',
  },
  drugNumber: (n: number) => `Drug ${n}`,
  hint: {
    card: 'Such as 0001.',
    volume: 'Such as 4.5. A comma or a point, at most two digits behind it.',
    concentration: 'Such as 10 or 0.5.',
    expiry: 'Such as 31-Dec-2027, 2027-12-31, or Dec-2027.',
    zero: 'Type 0 if nothing came out.',
  },
  yes: 'Yes, it is programmed',
  no: 'No',
  begin: 'Begin a refill',
  save: 'Write it down',
  takeReading: 'Take the reading',
  takeAgain: 'Take the reading again',
  correct: 'Correct',
  correcting: (at: string) =>
    `This corrects what was written at ${at}. What was written then stays in the audit log.`,
  stopSheet: 'Stop this sheet',
  back: 'Back to the sheet',
  allSheets: 'All sheets',
  print: 'Print',
  printSheet: 'Sheet for printing',
  printSlip: 'Slip for the patient',
  writtenTitle: 'Written down',
  open: 'Not finished',
  finished: 'Finished',
  abandonedState: 'Stopped',
  noSheets: 'No sheet has been begun here.',
  sheet: 'Sheet',
  goOn: 'Go on with it',
  readyQuestion: 'Is the wand over the pump?',
  pumpAndSheet: (serial: string, id: string) => `Pump ${serial}, sheet ${id}`,
  leftOff: (id: string | null) =>
    id === null
      ? 'Nothing was written.'
      : `What was written stays, in sheet ${id}. Go on with: wandbridge refill --terminal`,
  pump: 'Pump',
  lockedTo: (serial: string) => `This sheet is locked to pump ${serial}.`,
  written: (at: string) => `written ${at}`,
  corrected: 'corrected',
  done: 'Done',
  now: 'Now',
  later: 'Later',
  reading: 'Takes up to 40 seconds. Keep the wand still until this page changes.',
  readAt: (at: string, age: string) => `Read at ${at}, ${age} ago.`,
  whatIsDoubtful: 'Please look at this again',
  whatIsWrong: 'This cannot be written down yet',
  nothingWritten: 'Nothing was written.',
  noBridge:
    'The bridge does not answer, so nothing can be read or written down. What was written stays. Start the bridge and try again.',
  notYours: 'This page opens with a link that works once. Make a new one with: wandbridge refill.',
  refused: 'This was refused. Nothing was written.',
  linkUsed:
    'This link was used already, or is older than two minutes. Make a new one with: wandbridge refill.',
  serverError: 'The worksheet made an error nobody expected. Nothing was written.',
  notHere: 'There is nothing at this address.',

  pumpSays: 'The pump is programmed with',
  labelSays: 'The label says',
  same: 'same',
  differs: 'DIFFERS',
  notSaid: 'not said',
  before: 'Before',
  after: 'After',
  changed: 'Changed',
  notChanged: 'Not changed',
  row: {
    reportedVolume: 'Reservoir volume, reported by the pump, not measured',
    filledVolume: 'Last refill as programmed, volume',
    filledAt: 'Last refill as programmed, pump’s clock',
    programmedAt: 'Last programmed, pump’s clock',
    drug: (n: number) => `Drug ${n}`,
    mode: 'Mode',
    rate: 'Rate now',
    volume24h: 'Volume in 24 h',
    bolus: 'Patient bolus',
    lowAlarmVolume: 'Low-reservoir alarm at',
    lowAlarmDate: 'Low-reservoir alarm expected, pump’s clock',
    state: 'State',
    alarms: 'Alarms',
  },
  bolus: (volume: string, most: string) => `${volume} each, at most ${most} in 24 h`,
  off: 'off',
  noAlarms: 'none reported by the pump',
  capacity: 'Capacity',
  readingRow: 'Reading',
  cardRow: 'Typed from the card',
  beforeAndAfter: 'Before and after, as the pump reports it',
  massLabel: (mass: string) => unitText(mass === 'mcg' ? 'ug/mL' : 'mg/mL', 'en-US'),
  details: 'Details',
}

export type Words = typeof enUS

const enGB: Words = {
  ...enUS,
  lang: 'en-GB',
  lead: {
    ...enUS.lead,
    handover:
      'Now program the pump with the manufacturer’s own programmer. This worksheet cannot do that. Come back when it is done.',
  },
  field: { ...enUS.field, lot: 'Batch number' },
  massLabel: (mass) => unitText(mass === 'mcg' ? 'ug/mL' : 'mg/mL', 'en-GB'),
}

export const wordsOf = (locale: Locale): Words => (locale === 'en-GB' ? enGB : enUS)

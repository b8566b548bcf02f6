// The refill worksheet in US English, on its page, in the terminal and on paper. Plain sentences: what is
// so, what it means, what to do next. Numbers come ready from the one formatter.
import { mistakes } from './refill-mistakes.ts'
import { paper } from './refill-paper.ts'

export const refill = {
  ...mistakes,
  ...paper,
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
  sign: {
    title: 'Who is writing',
    name: 'Name',
    pin: 'PIN',
    signIn: 'Sign in',
    signOut: 'Sign out',
    nobody:
      'Nobody has signed in. What is written now is recorded as claimed by whoever is named in it.',
    signedIn: (name: string) =>
      `${name} has signed in. What is written now is signed with this name.`,
    wrong: 'That is not this name with its PIN. Nobody has signed in.',
    wait: (seconds: number) =>
      `Too many wrong PINs. This one was not looked at. Try again in ${seconds} s.`,
    pinned: 'signed in with PIN',
    claimed: 'claimed, not checked',
    notNamed: 'Nobody was named',
    withoutName: 'Without signing in',
    wrote: (step: string) => `Wrote down: ${step}`,
    corrected: (step: string) => `Corrected: ${step}`,
    table: 'Who wrote what down',
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
    checkedBy: 'Syringe checked against the pump by (another person, before it is injected)',
    aspirated: 'Volume aspirated, in mL',
    discardedBy: 'Discarded by',
    witnessedBy: 'Witnessed by (another person)',
    injected: 'Volume injected, in mL',
    programmed: 'Has the pump been programmed?',
    ordered: 'Dose of one day on the order, as typed from it (may stay empty)',
    orderedMass: 'Unit on the order',
    operator: 'Operator',
    checker: 'Second checker (another person)',
    answer: 'What was found and done about it',
    remark: 'What was done about it',
    reason: 'Why the sheet is stopped',
  },
  drugNumber: (n: number) => `Drug ${n}`,
  pumpSaid: {
    unnamed: 'an alarm without a name',
    alarm: (what: string, critical: boolean) =>
      critical ? `CRITICAL alarm: ${what}.` : `Alarm: ${what}.`,
    cameAndWent: (visit: string, alarm: string, raised: string) =>
      `Since the last visit (${visit}) an alarm came and went: ${alarm}, raised ${raised} by the pump’s clock.`,
    sinceLost: (visit: string, n: string) =>
      `Since the last visit (${visit}) the pump has overwritten ${n} entries of its own log: alarms among them are not known.`,
    sinceUnknown: (visit: string) =>
      `The pump does not say whether its log is whole since the last visit (${visit}): other alarms may have come and gone.`,
    over: 'The reading after no longer has it.',
    infusing: {
      nothing: (state: string, mode: string) =>
        `The pump is NOT INFUSING. It says: ${state}. Mode: ${mode}.`,
      'minimum-rate': (state: string, mode: string) =>
        `The pump infuses at its MINIMUM RATE only. It says: ${state}. Mode: ${mode}.`,
      unknown: (state: string, mode: string) =>
        `It is NOT KNOWN whether the pump infuses. It says: ${state}. Mode: ${mode}.`,
    },
    unclosed:
      'The session with this pump was not known to be closed when this was read: hold the wand over the pump until it is.',
    ownerOther: (typed: string, owner: string) =>
      `The sheet says patient ${typed}, and the clinic’s table gives this pump to patient ${owner}. Find out whose it is. If both are one patient, write that down.`,
    ownerChanged: (before: string, after: string) =>
      `The pump was given to another patient while the sheet was written: ${before} before, ${after} after. Find out whose it is.`,
    ownerNone: 'nobody',
    elsewhere: (log: string, earlier: string) =>
      `No earlier visit is in the audit log that is written now, ${log}. Older audit logs of this computer: ${earlier}. Visits in them are not compared.`,
    contradicted:
      'The pump said something else in the same session than this reading says, and counted no change: it may be false. Read the pump again.',
    identityChanged: (what: string, before: string, after: string) =>
      `${what} is another one: ${before} before, ${after} after. Find out whether this is the same pump.`,
    programmeChanged: (what: string, before: string, after: string) =>
      `Program changed. ${what}: ${before} before, ${after} after. Write down whether that is as ordered.`,
    programmeUnknown: (what: string, before: string, after: string) =>
      `Program that cannot be compared. ${what}: ${before} before, ${after} after. Write down whether that is as ordered.`,
    restarted: 'The pump has restarted between the two readings.',
    clockReset: 'The pump’s clock has lost its time between the two readings.',
    clockBack: (by: string) => `The pump’s clock was set back by ${by} between the two readings.`,
    clockForward: (by: string) =>
      `The pump’s clock was set forward by ${by} between the two readings.`,
  },
  hint: {
    card: 'Such as 0001.',
    volume: 'Such as 4.5. A comma or a point, at most two digits behind it.',
    concentration: 'Such as 10 or 0.5.',
    dose: 'Such as 2.5: the figure that stands on the order, without a unit.',
    expiry: 'Such as 31-Dec-2027, 2027-12-31, or Dec-2027.',
    zero: 'Type 0 if nothing came out.',
  },
  yes: 'Yes',
  no: 'No',
  begin: 'Begin a refill',
  save: 'Write it down',
  takeReading: 'Take the reading',
  takeAgain: 'Take the reading again',
  useReading: (at: string, age: string) => `Use the reading of ${at} (${age} ago)`,
  readNow: 'Read the pump now',
  chooseOne: 'Choose',
  finishedAt: (at: string) => `Finished at ${at}. Nothing on it is open.`,
  overtaken: (at: string) =>
    `This step was written at ${at}, on another screen or by somebody else. What you typed here was NOT written:`,
  openAlready: (serial: string, at: string) =>
    `A sheet for pump ${serial} is open already, begun at ${at}. Go on with that one, or stop it first.`,
  readAgainHere: 'Take the reading after it again',
  correct: 'Correct',
  correcting: (at: string) =>
    `This corrects what was written at ${at}. What was written then stays in the audit log.`,
  stopSheet: 'Stop this sheet',
  back: 'Back to the sheet',
  allSheets: 'All sheets',
  readings: 'Pump readings',
  noReadingsPage: (why: string) => `No page of readings can be opened from here. ${why}`,
  print: 'Print',
  printSheet: 'Sheet for printing',
  printSlip: 'Slip for the patient',
  writtenTitle: 'Written down',
  open: 'Not finished',
  finished: 'Finished',
  abandonedState: 'Stopped',
  noSheets: 'No sheet has been begun here.',
  sheet: 'Sheet',
  closeFirst: 'The session with the pump is still open. Lift the wand first, so that it is closed.',
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
  expected: (volume: string, at: string, age: string) =>
    `Expected: ${volume}, reported by the pump, not measured. Read at ${at}, ${age} ago.`,
  whatIsDoubtful: 'Please look at this again',
  whatIsWrong: 'This cannot be written down yet',
  nothingWritten: 'Nothing was written.',
  answersOpen: (n: string) =>
    n === '1'
      ? 'One answer is missing, or says too little. It is marked below.'
      : `${n} answers are missing, or say too little. Each is marked below.`,
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
  readingRow: 'Reading',
  programmedRow: 'Programmed',
  orderedRow: (n: number) => `Ordered for a day, drug ${n}`,
  cardRow: 'From the card',
  beforeAndAfter: 'Before and after, as the pump reports it',
  sameRows: (n: string) =>
    `${n} lines are the same in both readings, or neither reading says them.`,
  sameCaption: 'The same before and after, or not said',
  nothingChanged: 'Before and after: nothing that both readings say has changed.',
  details: 'Details',
}

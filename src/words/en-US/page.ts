// The technician's page in US English.

export const page = {
  title: 'Pump readings',
  readOnly: 'wandbridge reads. It cannot program a pump.',
  skip: 'Skip to the readings',
  print: 'Print this page',
  printedAt: (at: string) => `Printed ${at}`,
  zone: (zone: string) =>
    `Times are in the zone ${zone}, except where they are by the pump’s clock.`,

  // How one gets in, and what stands where no reading can.
  connecting: 'Connecting to the bridge.',
  signIn: 'This page opens with a link.',
  signInNext:
    'On the computer that runs the bridge, type this. The link works once, for two minutes:',
  refused: 'The bridge does not let this page in any more. Nothing here is live.',
  distrusted: 'Nothing the bridge says is believed any more.',
  distrustedNext: 'Have the audit log verified with the checkpoint that was kept.',
  noWand: 'No wand is connected.',
  noWandNext: 'Plug in the wand. It is found by itself.',
  noReading: 'No reading yet.',
  noReadingNext: 'Hold the wand over the pump, and hold it still.',

  // The three states, and why.
  live: 'Live',
  heardAt: (time: string) => `Heard from the pump at ${time}`,
  readAt: (time: string, ago: string) => `Read at ${time}, ${ago} ago. Not live`,
  readOnce: 'Not live',
  changed: 'The pump has changed since. It is being read again.',
  signalLost: (at: string) => `Signal lost at ${at}`,
  signalLostBefore: (at: string) => `Signal lost at ${at} or earlier`,
  signalLostNow: 'Signal lost',
  lastReading: (time: string, ago: string) => `Last reading ${time}, ${ago} ago`,
  why: {
    'wand-lost': 'The wand does not answer. Check its cable.',
    'implant-lost': 'The wand does not hear the pump. Hold it in place again.',
    'server-silent':
      'The bridge does not answer. Check that the bridge runs; this page connects again by itself.',
    'audit-failed': 'The audit log cannot be written, so nothing newer is shown.',
  },
  answersAgain: 'The wand answers again. Hold it in place over the pump to read it.',
  bridgeSilent: 'Not live: the bridge does not answer',
  history: 'Not live: this is history',
  auditFailed: 'Not live: the audit log failed',

  // Where the wand is and what the session does.
  pump: 'Pump',
  patient: 'Patient',
  model: 'Model',
  firmware: 'Firmware',
  implanted: 'Implanted',
  wand: 'Wand',
  port: 'Port',
  position: 'Position',
  bars: (n: number, of: number) => `signal ${n} of ${of} bars`,
  working: (percent: string) => `Reading, ${percent}`,
  session: 'Session',
  sessionClosed: (time: string) =>
    `Reading finished ${time}. Session closed. You may now use the pump’s own programmer.`,
  notConfirmed: 'Session not confirmed closed.',
  notConfirmedNext: [
    'Hold the wand in place again and keep it still: the session is closed by itself.',
    'Until it says “Session closed” the pump may still be in telemetry mode, and may not infuse.',
    'If it cannot be closed, read the pump with its own programmer.',
  ],
  sessionIsClosed: 'Session closed.',
  sessionOpen: 'Session open. Hold the wand still.',
  sessionClosing: 'Closing the session. Hold the wand still.',
  otherPump: (serial: string) => `Another pump than before. Before: ${serial}.`,
  others: 'Read earlier through this wand',
  readFailed: (why: string) =>
    `The last attempt to read did not complete; nothing of it is shown. ${why}`,

  // The reservoir.
  reservoir: 'Reservoir',
  capacity: 'Capacity',
  lowMark: 'Low alarm at',
  lowTip: (low: string) => `low ${low}`,
  lowDate: 'Low alarm expected',
  lastRefill: 'Refill programmed',
  refillVolume: 'Volume programmed at refill',
  reservoirDrawing: (volume: string, capacity: string, low: string) =>
    `Reservoir drawn: ${volume} of ${capacity}, the pump’s low mark at ${low}`,
  byPumpClock: 'by the pump’s clock',

  // What it infuses.
  infusion: 'Infusion',
  state: 'Pump says',
  mode: 'Mode',
  rate: 'Rate',
  rateNote: 'set, not measured',
  volume24h: '24 h volume',
  drugs: 'Drugs',
  drug: 'Drug',
  concentration: 'Concentration',
  dose24h: '24 h dose',
  schedule: 'Schedule of the day',
  oneRate: 'One rate, all day',
  from: (time: string) => `from ${time}`,
  scheduleDrawing: (steps: number) =>
    `Rate over the day, in ${steps} steps; the table has them all`,
  time: 'Time',
  bolus: 'Patient bolus',
  bolusOff: 'Off',
  bolusEach: 'Each',
  bolusDuration: 'Duration',
  bolusLockout: 'Lockout',
  singleBolus: 'Single bolus, still to be given',
  bolusGiven: 'Given in 24 h',
  bolusOf: (given: string, most: string) => `${given} of ${most}`,
  bolusAccepted: 'Given since programming',
  bolusDenied: 'Denied since programming',
  bolusLast: 'Last given',
  catheter: 'Catheter',
  length: 'Length',
  volume: 'Volume inside',

  // Battery, clocks, record.
  battery: 'Battery',
  stateIs: 'State',
  charge: 'Charge left',
  voltage: 'Voltage',
  replacement: 'Replacement (ERI)',
  serviceEnd: 'End of service',
  clocks: 'Clocks when it was read',
  pumpClock: 'Pump',
  pumpClockNote: 'has no time zone',
  pumpClockAt: 'Pump’s clock',
  hostClock: 'This computer',
  audit: 'Audit log',
  auditPlace: (log: string, position: string) => `${log}, record ${position}`,

  // Alarms: shown, not watched.
  alarms: 'Alarms reported by the pump',
  noAlarms: (time: string) =>
    `No alarms reported by the pump at ${time}. This page does not watch the pump.`,
  alarmsUnread: (time: string) =>
    `The pump’s alarms could not be read at ${time}. There may be any. Read the pump again, or with its own programmer.`,
  alarmsAt: (time: string) => `As read at ${time}. This page does not watch the pump.`,
  alarm: 'Alarm',
  class: 'Class',
  began: 'Began',
  noticed: 'Noticed by the pump',
  read: 'Read',

  // The pump's log.
  log: 'The pump’s event log',
  logGap: (n: string) =>
    `Gap: ${n} older events were overwritten by the pump before this reading. They are not known here.`,
  logUnknown: 'The pump does not say how many older events it has overwritten.',
  logWhole: 'Every event the pump has logged is here.',
  logUnread: 'The pump’s event log could not be read.',
  drugsUnread: 'The drugs could not be read.',
  scheduleUnread: 'The schedule could not be read.',
  logEmpty: 'The pump has logged nothing.',
  number: 'No.',
  event: 'Event',
  detail: 'Detail',
  late: (detected: string) => `noticed ${detected}`,

  // Since the last visit.
  since: 'Since the last visit',
  sinceWhen: (at: string) => `Compared with the reading of ${at}.`,
  noVisit: 'No earlier visit is recorded here.',
  programmeSame: 'The program is unchanged.',
  programmeUnknown: 'All of the program that both readings say is unchanged.',
  otherChanged: 'What else is different',
  unsaid: (names: string) => `In neither reading: ${names}.`,
  programmeChanged: 'Program changes',
  reprogrammed: (at: string) => `The pump was programmed ${at} by its clock.`,
  before: 'Before',
  now: 'Now',
  noEvents: 'The pump has logged no events since.',
  eventsAtLeast: (n: string) => `Events since: ${n} or more`,
  events: (n: string) => `Events since: ${n}`,
  sinceLoading: 'Looking for the last visit.',
  historyFailed: 'History could not be read. What stands above is not affected.',

  // Trends.
  trends: 'Trends',
  trendsLoading: 'Reading the history.',
  trendsAxis: 'Time is by the pump’s clock.',
  trendsReset: 'The pump’s clock was reset: what was read before is only in the table.',
  range: 'Range',
  ranges: { day: '24 hours', week: '7 days', month: '30 days', all: 'All' },
  trendReservoir: (unit: string) => `Reservoir (${unit}), reported by the pump, not measured`,
  trendRate: (unit: string) => `Rate (${unit}), set, not measured`,
  trendDrawing: (what: string, n: string) =>
    `${what}, drawn from ${n} readings; the table has them`,
  trendEvents: 'Events of the pump',
  trendNone: 'Fewer than two readings in this range: nothing to draw.',
  table: 'Table of the readings',
  tableSome: (shown: string, of: string) => `The newest ${shown} of ${of} readings.`,

  // Messages to other systems.
  outbox: 'Sent to other systems (HL7)',
  outboxDone: 'Everything recorded has been taken.',
  outboxOwed: (ago: string) =>
    `Messages wait; the oldest is ${ago} old. They are sent by themselves.`,
  outboxFailed: 'It does not take messages now. The readings here are not affected.',
  outboxParked: (n: string) =>
    `Refused and set aside: ${n}. “wandbridge hl7 send --parked” sends them again.`,
}

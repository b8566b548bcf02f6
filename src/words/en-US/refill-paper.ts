// What stands on paper and in what is worked out: differences, findings, dates, signatures. Part of the
// worksheet in US English.

export const paper = {
  moreOut: (diff: string, aspirated: string, expected: string) =>
    `${diff} more came out than expected (${aspirated} aspirated, ${expected} expected).`,
  lessOut: (diff: string, aspirated: string, expected: string) =>
    `${diff} less came out than expected (${aspirated} aspirated, ${expected} expected).`,
  asExpected: (aspirated: string) => `As much came out as expected (${aspirated}).`,
  barsAlt: 'Two bars to one scale: expected above, aspirated below',
  barsKey:
    'Above, hollow: expected. Below, filled: aspirated. The frame: what the reservoir holds, or the greater of the two.',
  expectedUnknown: (aspirated: string) =>
    `${aspirated} came out. The pump reported no volume, so nothing can be compared.`,
  ratio: (percent: string, fill: string, aspirated: string, expected: string) =>
    `${percent} of what should have left did leave: (${fill} − ${aspirated}) / (${fill} − ${expected}).`,
  within: (tolerance: string, source: string) =>
    `That is within the tolerance of this clinic, 100 % ± ${tolerance} (${source}).`,
  outside: (tolerance: string, source: string) =>
    `That is OUTSIDE the tolerance of this clinic, 100 % ± ${tolerance} (${source}).`,
  noRatio: {
    tolerance: '',
    fill: 'No ratio is given: no last refill is recorded in the pump.',
    programme:
      'No ratio is given: the pump was programmed again after its last refill, so what should have left is not plain.',
    volume: 'No ratio is given: by what the pump reports, nothing should have left.',
  },
  volumeChanged: (before: string, after: string) => `${before} before, ${after} after. Changed.`,
  volumeSame: (before: string, after: string) => `${before} before, ${after} after. Not changed.`,
  volumeAlike: (before: string, after: string) =>
    `${before} before, ${after} after. The same, as far as is shown.`,
  volumeUnknown: (before: string, after: string) =>
    `${before} before, ${after} after. They cannot be compared.`,
  notSaidOfRefill: 'The pump does not say whether it has been told of this refill.',
  notTold: 'The pump has not been told of this refill.',
  told: (at: string) => `The pump reports a refill programmed at ${at}, by its clock.`,
  inPumpMore: (diff: string, reported: string, injected: string) =>
    `The pump reports ${diff} more than was injected (${reported} reported, ${injected} injected).`,
  inPumpLess: (diff: string, reported: string, injected: string) =>
    `The pump reports ${diff} less than was injected (${reported} reported, ${injected} injected).`,
  inPumpSame: (reported: string, injected: string) =>
    `The pump reports what was injected (${reported} reported, ${injected} injected).`,
  asOrdered: (n: number, pump: string, _order: string) => `Drug ${n}: ${pump}, as ordered.`,
  notAsOrdered: (n: number, pump: string, order: string) =>
    `Drug ${n}: the pump is programmed with ${pump}, the order says ${order}.`,
  afterLabelDiffers: (n: number, pump: string, label: string) =>
    `Drug ${n}: the pump is programmed with ${pump} now, the label said ${label}.`,
  alarmDate: 'Next low-reservoir alarm',
  alarmDateReported: (date: string) => `${date}, reported by the pump, by the pump’s own clock.`,
  noAlarmDate: 'The pump reports no date.',
  computed: 'Computed here, not reported by the pump',
  computedOne: (volume: string, low: string, perDay: string, days: string, date: string) =>
    `(${volume} − ${low}) / ${perDay} a day = ${days} days: ${date}, by the pump’s clock.`,
  computedRange: (
    volume: string,
    low: string,
    least: string,
    most: string,
    first: string,
    last: string,
  ) =>
    `(${volume} − ${low}) / ${least} a day without patient boluses: ${last}. With as many as are allowed, ${most} a day: ${first}. By the pump’s clock.`,
  steadyOnly: 'It holds only while the program stays as it is.',

  findings: 'What did not agree',
  noFindings: 'Nothing on this sheet disagreed in what it compares.',
  sinceTitle: 'Since the last visit',
  differences: 'Expected and found',
  remarkBy: (text: string) => `Done about it: ${text}`,
  patientLabel: 'Patient pseudonym',
  ownerLabel: 'Patient, by the clinic’s table',
  model: 'Model',
  wandReading: (at: string, position: number) => `Read at ${at}, record ${position}.`,
  signatures: 'Signatures',
  signature: (who: string) => `${who}, signature and date`,
  operator: 'Operator',
  checker: 'Second checker',
  preparer: 'Prepared by',
  syringeChecked: 'Syringe checked by',
  discarded: 'Discarded by',
  witnessed: 'Witnessed by',
  timesIn: (zone: string) => `Times in ${zone}, unless they are the pump’s.`,
  notFinished: 'NOT FINISHED. What is empty has not been written down.',
  stopped: (reason: string) => `STOPPED: ${reason}`,
  correctedHere: (step: string, at: string) => `${step}, written ${at}, was corrected later.`,
  correctionsTitle: 'Corrections',
  auditTitle: 'Audit log',
  auditText:
    'This checkpoint pins the log: whoever keeps this paper can find any later change of what was recorded before it.',
  auditKey: 'Verifier key',
  auditCheck: 'To check: wandbridge audit verify --sheet FILE, or --since with this text.',
  noCheckpoint: 'No checkpoint was at hand when this was made.',
  qrAlt: 'The checkpoint above as a QR code',
  sheetRecords: (positions: string) => `Records of this sheet: ${positions}.`,

  slipTitle: 'Your pump refill',
  slipDate: 'Your pump must be refilled before',
  slipFromPump: 'The day on which the pump expects its low-reservoir alarm, as it reports it.',
  slipFromPumpsDays:
    'As many days ahead as the pump expects until its low-reservoir alarm. The pump’s own clock is wrong, so its date is not used.',
  slipFromVolume: 'Worked out from the volume that the pump reports; the pump expects it later.',
  slipFromVolumeAndBoluses:
    'Worked out from the volume that the pump reports, with as many boluses as it allows. It is later with fewer.',
  slipFromInjected: 'Worked out from the volume that was injected; the pump expects it later.',
  slipVolumesDisagree:
    'The volumes on the sheet do not agree. This is the earliest date that any of them supports.',
  slipClockDisagrees: 'The pump’s clock does not agree with the clinic’s.',
  slipNoDate:
    'No date can be given: the pump reports none, and not enough to work one out. Ask your clinic for your next appointment before you leave.',
  slipInfusing: {
    nothing:
      'No date can be given: the pump was not infusing when it was last read. Ask your clinic before you leave.',
    unknown:
      'No date can be given: it was not known whether the pump infuses when it was last read. Ask your clinic before you leave.',
    'minimum-rate': 'The pump was at its minimum rate when it was last read.',
  },
  slipNone: 'There is no slip yet',
  slipCome: 'Your clinic tells you when to come. Come before this date.',
  slipDose: 'Dose of one day',
  slipSounds: 'If your pump sounds an alarm',
  slipNoSounds: 'Call your clinic at once if your pump sounds an alarm.',
  slipPhone: 'Call your clinic',
  slipNoPhone: 'Ask your clinic for its telephone number:',
  slipModel: 'Pump model',
  slipRefilled: 'Refilled on',
  slipNotYet:
    'This slip is for a finished sheet whose reading after the refill reports it. It is not ready.',
}

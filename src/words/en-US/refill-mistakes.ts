// What is said when something typed or read cannot be, or is doubtful. Each says what is so and what to
// do next; none blames. Part of the worksheet in US English.

export const mistakes = {
  empty: (what: string) => `${what} is empty. Type it.`,
  noVolume: (typed: string) => `“${typed}” is no volume. Type a number in mL, such as 4.5.`,
  noNumber: (typed: string) => `“${typed}” is no number. Type it such as 10 or 0.5.`,
  negative: (typed: string) =>
    `${typed} is below zero. A volume is never negative: type how much there was, such as 4.5.`,
  twoMarks: (typed: string) =>
    `${typed} has more than one comma or point. Type one decimal mark only.`,
  nakedPoint: (typed: string, better: string) =>
    `${typed} is easily misread. Type ${better}, with a digit on both sides of the mark.`,
  leadingZero: (typed: string, better: string) => `${typed} is unclear. Type ${better}.`,
  unclear: (typed: string, a: string, b: string) => `${typed} is unclear. Type ${a} or ${b}.`,
  threeDigits: (typed: string, whole: string) =>
    `${typed} is unclear. Type at most two digits behind the mark, or ${whole} without a mark.`,
  tooFine: (typed: string) =>
    `${typed} is finer than this can hold. Type at most two digits behind the mark.`,
  mcL: (typed: string, inMl: string | null) =>
    `${typed} is in mcL. This sheet is in mL.${inMl === null ? '' : ` ${typed} is ${inMl}.`} Type it in mL.`,
  otherUnit: (typed: string) => `${typed} is not in mL. Type the volume in mL.`,
  beyondAll: (shown: string, asMcl: string) =>
    `${shown} cannot be: no pump holds so much. If it was meant in mcL, it is ${asMcl}. Type it in mL.`,
  massContradicts: (typed: string, chosen: string) =>
    `You typed ${typed} and chose ${chosen}. mg is not mcg: look at the label again.`,
  noUnit: 'Choose the unit that stands on the label: mg is not mcg.',
  zeroConcentration: 'A concentration of 0 cannot be. Look at the label again.',
  noDate: (typed: string) =>
    `“${typed}” is no date this sheet can read. Type it such as 31-Dec-2027 or Dec-2027.`,
  twoWays: (typed: string, a: string, b: string) =>
    `${typed} can be read in two ways. Type ${a} or ${b}.`,
  tooFineDose: (typed: string) =>
    `${typed} is finer than a pump can hold. Look at the order again.`,
  zeroDose: 'A dose of 0 cannot be ordered. Leave it empty, or look at the order again.',
  unseen: (what: string) =>
    `${what} holds marks that cannot be seen, such as those that turn the direction of text. Type it by hand instead of pasting it.`,
  tooLittle: (what: string) =>
    `${what}: write what was found and what was done, in a few words. “ok” says neither.`,
  answerNeeded: (finding: string) => `Not answered yet: ${finding}`,
  checkUndone: (text: string) => `Not confirmed: ${text}`,
  tooLong: (what: string, most: number) => `${what} is longer than ${most} characters.`,
  samePerson: 'Two different people are needed here. Type the name of the second one.',
  notChosen: (what: string) => `${what} Choose one.`,

  cardShort:
    'Type the last four characters of the serial number, as they stand on the patient’s card.',
  noPumpYet: (card: string) =>
    `No pump has been read here in the last minutes, so ${card} could not be compared. Hold the wand over the pump until it has been read, then try again.`,
  severalPumps: (card: string) =>
    `More than one pump read here ends in ${card}. Type the whole serial number from the card.`,
  otherPumpUnderWand: (card: string, at: string) =>
    `The serial number of the pump read at ${at} does not end in ${card}. Either the card or the pump is of somebody else. Stop, and find out which.`,
  noReading: 'This pump has no reading that can be used. Hold the wand over it and try again.',
  oldReading: (at: string, age: string, most: string) =>
    `The last reading of this pump is from ${at}, ${age} ago. It must not be older than ${most}: the pump may have been changed since. Hold the wand over the pump and take the reading again.`,
  beforeHandover: (at: string) =>
    `The last reading of this pump is from ${at}, before it was handed over for programming. Hold the wand over the pump again.`,
  newerReading:
    'The pump has been read again meanwhile. Look at this page again and choose the newer reading.',
  swapped: (serial: string, other: string) =>
    `This sheet is locked to pump ${serial}, and the last pump read is ${other}. These are two pumps. Hold the wand over the pump of this sheet.`,
  notRead: (why: string) => `The pump could not be read now. ${why}`,

  unitDiffers: (pump: string, label: string) =>
    `mg AND mcg: the pump is programmed with ${pump}, the label says ${label}. Settle this before anything is injected.`,
  concentrationDiffers: (pump: string, label: string) =>
    `The concentration differs: the pump is programmed with ${pump}, the label says ${label}.`,
  nameDiffers: (pump: string, label: string) =>
    `The drug differs: the pump is programmed with ${pump}, the label says ${label}.`,
  notComparable: (label: string) =>
    `The pump does not say what it is programmed with, so ${label} could not be compared.`,
  numberDiffers: (pump: number, label: number) =>
    `The pump is programmed with ${pump} drugs, the label names ${label}.`,
  expired: (lot: string, date: string) =>
    `EXPIRED: lot ${lot} expired ${date}. Settle this before anything is injected.`,
  nothingAspirated:
    'Nothing came out. Then nothing shows that the needle is in the reservoir port. Check where the needle is before anything is injected, and write down how.',
  aspiratedAboveCapacity: (typed: string, capacity: string) =>
    `${typed} aspirated is more than the reservoir holds (${capacity}). Look at the syringe again: mL or mcL, and where the decimal mark is.`,
  injectedAboveCapacity: (typed: string, capacity: string) =>
    `${typed} injected is more than the reservoir holds (${capacity}). Look at the syringe again: mL or mcL, and where the decimal mark is.`,
  nothingInjected: 'Nothing was injected. If that is so, write down why.',
  notProgrammed: 'The pump has not been programmed. Write down why.',
  outOfOrder: 'This step is not next, or cannot be changed any more. Nothing was written.',
  unknownSheet: 'There is no such sheet here.',
  notRecorded: (why: string) =>
    `It could not be written into the audit log. ${why} Nothing of it counts: write it again when the log is well.`,
}

// The pages of a replica, in US English: the pumps of many sites, and one of them.

export const fleet = {
  title: 'Pumps of all sites',
  titleOf: (sites: string) => `Pumps of ${sites}`,
  /** Over everything that is shown. */
  notLive:
    'Read from records of the sites. Nothing here is live, and this page does not watch a pump.',
  renews: 'Renew this page every minute',
  renewsNot: 'Do not renew this page by itself',
  asOf: (time: string) => `As of ${time}`,
  brokerLost: (since: string) =>
    `The broker has not answered since ${since}. What stands here is as old as it says, and may be outdated.`,
  none: 'No pump of these sites has been read.',
  noSite: 'The broker has no site that this token is for.',
  counts: 'At a glance',
  pumps: 'Pumps, the worst first',
  sites: 'Sites, those that need somebody first',
  all: 'Pumps',
  grave: 'Critical alarm, not infusing, or session not closed',
  due: 'Refill due within a week, or overdue',
  silentSites: 'Silent sites',
  isSilent: 'silent',
  pump: 'Pump',
  site: 'Site',
  lastRead: 'Last read',
  infusion: 'Infusion',
  alarms: 'Alarms',
  refill: 'Refill before',
  session: 'Session',
  ago: (age: string) => `${age} ago`,
  never: 'not read',
  programmed: 'as programmed',
  silent: (since: string) => `Silent: its newest word is of ${since}.`,
  neverHeard: 'Silent: nothing was ever heard of it.',
  keyLost: (since: string) =>
    `The broker has not let in the key of this site since ${since}, or the key is gone. Nothing newer of it comes.`,
  keysLost: 'Sites whose key is not let in',
  heard: 'Heard of within half a minute',
  state: 'State',
  records: 'Records',
  unclosed: (n: string) =>
    n === '1' ? 'One session not confirmed closed' : `${n} sessions not confirmed closed`,
  closed: 'none known to be open',
  back: 'All pumps',
  everything: 'Everything that it said at this reading',
  field: 'What',
  value: 'As reported',
  unknown: 'No such pump is known here, or this token is not for its site.',
  signIn:
    'The browser asks for a name and a password. The password is a token of a site, or of all; the name may be anything.',
}

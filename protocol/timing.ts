// The times and counts that both ends keep. README.md §9.7 and §10 are made from this table.

export const Timing = {
  PING_REPLY_MS: 100,
  REPLY_MS: 200,
  PASSIVE_CONTACT_MS: 250,
  SESSION_CONTACT_MS: 400,
  LEASE_MS: 5000,
  HOST_TIMEOUT_MS: 400,
  HOST_RETRIES: 3,
  HOST_CONTACT_MS: 900,
} as const
export type TimingName = keyof typeof Timing

export const TIMING_DOCS: Readonly<Record<TimingName, string>> = {
  PING_REPLY_MS:
    'The wand answers a PING within this, also while it does air work: from the last byte of the request to the first byte of the reply.',
  REPLY_MS:
    'The wand answers any other request within this, measured alike; air work with PENDING.',
  PASSIVE_CONTACT_MS: 'Without a session the wand senses the coupling at least this often.',
  SESSION_CONTACT_MS: 'With a session it exchanges with the implant at least this often.',
  LEASE_MS: 'Default lease. The one in force is `leaseMs` of the HELLO reply.',
  HOST_TIMEOUT_MS:
    'The host waits this long for the reply to a request: from the first byte of the request that it hands over to the last byte of the reply.',
  HOST_RETRIES: 'It then repeats the request, same seq, at most so many times.',
  HOST_CONTACT_MS: 'Contact of this age (§10.2) is no contact any more: nothing is live.',
}

// Which profiles and extensions of ours there are, and their addresses.
export const PROFILES = [
  { name: 'reading', type: 'Observation' },
  { name: 'pump-event', type: 'Observation' },
  { name: 'interrogation', type: 'DiagnosticReport' },
  { name: 'refill', type: 'DiagnosticReport' },
  { name: 'pump', type: 'Device' },
  { name: 'pump-part', type: 'Device' },
  { name: 'metric', type: 'DeviceMetric' },
  { name: 'record', type: 'AuditEvent' },
] as const
export const EXTENSIONS = ['device-time', 'device-clock-offset'] as const

export type ResourceProfile = (typeof PROFILES)[number]['name']
export type ProfileName = ResourceProfile | (typeof EXTENSIONS)[number]

export const profileUrl = (name: ProfileName) => `urn:wandbridge:structuredefinition:${name}`

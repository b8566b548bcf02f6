// `wandbridge/client`: for clinic software, in browsers and in Node.

export type * from '../model/api.ts'
export type * from '../model/record.ts'
export type { Args, Statement } from '../model/statement.ts'
export type { PumpStatus, WandStatus } from '../model/status.ts'
export type { Quality, Reason, Value } from '../model/value.ts'
export { NotV1Error, type Replies } from './checked.ts'
export type { Pin } from './checkpoint.ts'
export { Client, type ClientOptions, type Connection, type Reset } from './client.ts'
export { type Clock, systemClock } from './clock.ts'
export { ApiError, type Range } from './rest.ts'
export type { Fetch } from './stream.ts'
export { type ClientStatus, HEARTBEAT_MS } from './stream-state.ts'

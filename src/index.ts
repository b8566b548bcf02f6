// The library: everything a program needs to run a bridge of its own.

export { type Env, systemEnv, VirtualEnv } from './base/env.ts'
export { Bridge, type BridgeOptions, type Change } from './bridge/bridge.ts'
export { interrogateOnce, type Outcome } from './bridge/interrogate.ts'
export type { Measured, Streams } from './bridge/streams.ts'
export { type WatchLine, watchLines } from './bridge/watch.ts'
export { type ApartOptions, apart } from './drivers/apart/apart.ts'
export { knowDecoder } from './drivers/decoders.ts'
export type * from './drivers/driver.ts'
export { openWand } from './drivers/open-wand/driver.ts'
export type * from './model/event.ts'
export type { Policy } from './model/policy.ts'
export type {
  AlarmReading,
  DrugReading,
  PumpEventReading,
  SnapshotValues,
  Source,
} from './model/reading.ts'
export {
  type BridgeStatus,
  type PumpStatus,
  pumpStatusSchema,
  type WandStatus,
} from './model/status.ts'
export type { Quality, Reason, Value } from './model/value.ts'
export { type LoopbackPeer, loopbackSource } from './transport/loopback.ts'
export type { PortSource } from './transport/port.ts'
export { sourceFor } from './transport/source.ts'

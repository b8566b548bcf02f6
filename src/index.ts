// The library: everything a program needs to run a bridge of its own.
export { Bridge, type BridgeOptions, type Change } from './bridge.ts'
export { type Env, systemEnv, VirtualEnv } from './env.ts'
export { interrogateOnce, type Outcome } from './interrogate.ts'
export type { Policy } from './link/state.ts'
export type * from './model/event.ts'
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
export type { Measured, Streams } from './telemetry/streams.ts'
export { type LoopbackPeer, loopbackSource } from './transport/loopback.ts'
export type { PortSource } from './transport/port.ts'
export { sourceFor } from './transport/source.ts'
export { type WatchLine, watchLines } from './watch.ts'

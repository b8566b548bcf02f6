// What a driver in a process of its own and the bridge say to each other. Everything is data.
import type { BridgeEvent } from '../../model/event.ts'
import type { Policy } from '../../model/policy.ts'
import type { Source } from '../../model/reading.ts'
import type { PortEnd } from '../../transport/port.ts'
import type { DriverCounters } from '../driver.ts'

/** To the driver's process. `id`: which port it has made, from 1. */
export type ToChild =
  | {
      readonly do: 'start'
      readonly path: string
      readonly source: Source
      readonly policy: Policy
      readonly liveMs: number | undefined
      /** The bridge's monotonic clock as this is sent. */
      readonly mono: number
    }
  | { readonly do: 'read'; readonly port: string | undefined }
  | { readonly do: 'stop' }
  | { readonly do: 'ping' }
  | { readonly do: 'opened'; readonly id: number; readonly framing: 'line' | 'report' }
  | { readonly do: 'data'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly do: 'closed'; readonly id: number }
  | { readonly do: 'ended'; readonly id: number; readonly end: PortEnd; readonly message: string }

export type FromChild =
  | { readonly is: 'ready' }
  | { readonly is: 'pong'; readonly counters: DriverCounters }
  | { readonly is: 'event'; readonly event: BridgeEvent }
  | { readonly is: 'open' | 'close'; readonly id: number }
  | { readonly is: 'write'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly is: 'stopped' }

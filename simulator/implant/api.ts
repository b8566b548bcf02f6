// What the wand's air link and the command line can ask of an implant. The implant is pure: it has
// no timers, only `advanceTo`.
import type { BlockName, BlockRepr } from '../../protocol/fields/blocks.ts'

/** What somebody with the vendor's programmer, a syringe or bad luck does to the pump. */
export type ImplantCommand =
  | { readonly do: 'drain'; readonly volume?: number }
  | { readonly do: 'refill'; readonly volume: number; readonly program?: boolean }
  | { readonly do: 'program'; readonly change: unknown }
  | { readonly do: 'alarm'; readonly code: string; readonly on: boolean }
  | { readonly do: 'patient-bolus' }
  | { readonly do: 'fault'; readonly fault: string; readonly on: boolean }

export interface Implant {
  /** Moves implant time to `elapsedMs` since power-up (never back). */
  advanceTo(elapsedMs: number): void
  readonly serial: string
  readonly model: string
  readonly firmware: string
  /** Counts every change of what the pump would report, its volume aside. */
  readonly stateCounter: number
  /** The pump's own clock: seconds since 2000-01-01, drifting. */
  deviceTime(): number
  /** The block as it would be read now. */
  block<N extends BlockName>(name: N): BlockRepr<N>
  /** A telemetry session begins (logs the event; ends a stuck one only through `endTelemetry`). */
  beginTelemetry(): void
  /** Ends telemetry mode; false = the implant did not confirm (stuck). */
  endTelemetry(): boolean
  /** What is true and the pump cannot know: integers in nL. For tests and the operator only. */
  truth(): {
    readonly actualVolume: number
    readonly reportedVolume: number
    readonly infused: number
  }
  /** Applies a command; a sentence on what was done, or on why not. */
  command(command: ImplantCommand): { readonly ok: boolean; readonly message: string }
}

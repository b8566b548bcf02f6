// A small implant for the tests of wand, air and cable: what it reports is plain, and every call that
// a real one would act on is counted.
import type { BlockName, BlockRepr, SnapshotRepr } from '../../protocol/fields/blocks.ts'
import type { Implant, ImplantCommand } from '../../simulator/implant/api.ts'

export class FakeImplant implements Implant {
  readonly serial: string
  readonly model = 'SIM-20'
  readonly firmware = '2.1'
  stateCounter = 7
  elapsed = 0
  began = 0
  ended = 0
  /** Whether it leaves telemetry mode when asked. */
  lets = true
  /** Called before each block is read. */
  onBlock: (name: BlockName) => void = () => {}
  events = 3
  readonly commands: ImplantCommand[] = []

  constructor(serial = 'SIM-0001') {
    this.serial = serial
  }

  advanceTo(elapsedMs: number): void {
    if (elapsedMs < this.elapsed) throw new Error('time went back')
    if (!Number.isInteger(elapsedMs)) throw new Error('not a whole millisecond')
    this.elapsed = elapsedMs
  }

  deviceTime(): number {
    return 800_000_000 + Math.floor(this.elapsed / 1000)
  }

  block<N extends BlockName>(name: N): BlockRepr<N> {
    this.onBlock(name)
    return this.#blocks()[name] as BlockRepr<N>
  }

  beginTelemetry(): void {
    this.began += 1
    this.stateCounter += 1
  }

  endTelemetry(): boolean {
    this.ended += 1
    this.stateCounter += 1
    return this.lets
  }

  truth() {
    return { actualVolume: 17_000_000, reportedVolume: 17_250_000, infused: 2_750_000 }
  }

  command(command: ImplantCommand) {
    this.commands.push(command)
    return { ok: true, message: `did ${command.do}` }
  }

  #blocks(): SnapshotRepr {
    const t = 700_000_000
    const { serial, model, firmware, stateCounter } = this
    return {
      identity: { serial, model, firmware, implanted: t },
      catheter: { model: 'SIM-C', implanted: t, length: 800, volume: 200_000 },
      status: { state: 0, stateSince: t, stateCounter, programmedAt: t, resets: 0 },
      reservoir: {
        reportedVolume: 17_250_000,
        capacity: 20_000_000,
        lowAlarmVolume: 2_000_000,
        lowAlarmDate: t,
        filledAt: t,
        filledVolume: 20_000_000,
      },
      infusion: {
        mode: 1,
        rate: 250_000,
        volume24h: 250_000,
        bolusVolume: 0,
        bolusRate: 0,
        schedule: [],
      },
      drugs: {
        drugs: [{ name: 'morphine', massUnit: 1, concentration: 10_000_000, dose24h: 2_500_000 }],
      },
      bolus: {
        enabled: 0,
        volume: 0,
        duration: 0,
        lockout: 0,
        maxPerDay: 0,
        given24h: 0,
        acceptedCount: 0,
        deniedCount: 0,
        lastAcceptedAt: null,
      },
      alarms: {
        alarms: [
          { id: 1, code: 1, class: 1, state: 1, occurredAt: t, detectedAt: t },
          { id: 2, code: 5, class: 2, state: 0, occurredAt: t, detectedAt: t },
        ],
      },
      events: {
        total: this.events,
        events: Array.from({ length: Math.min(64, this.events) }, (_, i) => ({
          number: Math.max(0, this.events - 64) + i + 1,
          code: 5,
          occurredAt: t,
          detectedAt: t,
          argument: 250_000,
        })),
      },
      battery: {
        state: 0,
        voltage: 2900,
        remaining: 71,
        replacementDate: t,
        serviceEndDate: t,
        infusedTotal: 100_000,
      },
      clock: { deviceTime: this.deviceTime(), ageMs: 0, resets: 0 },
    }
  }
}

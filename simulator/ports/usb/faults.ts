// What goes wrong at the wand's USB plug, endpoint by endpoint: said by commands, asked by the
// device. Pure state: it lives with the wand, whether it is plugged in or not.
import type { Env } from '../../../src/base/env.ts'
import type { CommandResult, SimulatorCommand } from '../../commands.ts'

/** The endpoints that carry something: names as in descriptors.ts. */
export const FAULTY_ENDPOINTS = ['hid-in', 'hid-out', 'serial-in', 'serial-out'] as const
export type FaultyEndpoint = (typeof FAULTY_ENDPOINTS)[number]

type UsbCommand = Extract<SimulatorCommand, { endpoint: FaultyEndpoint }>

const SAID: Readonly<Record<UsbCommand['do'], string>> = {
  'usb-drop': 'what comes next is lost',
  'usb-stall': 'halted until the host clears it',
  'usb-nak': 'nothing passes for a while',
  'usb-pull': 'the cable is pulled in the middle of the next transfer',
}

interface State {
  /** So many transfers are still to be lost. */
  drop: number
  /** Every transfer fails until the host clears the halt, or plugs in again. */
  halted: boolean
  /** Nothing completes before this time of the environment, in ms. */
  withheldUntil: number
  /** The plug is pulled in the middle of the next transfer. */
  pull: boolean
}

export class UsbFaults {
  /** Called after each change: the device's ear. Null = the wand is not on USB at all. */
  listener: ((endpoint: FaultyEndpoint) => void) | null = null
  readonly #env: Env
  readonly #states: Readonly<Record<FaultyEndpoint, State>>

  constructor(env: Env) {
    this.#env = env
    const none = () => ({ drop: 0, halted: false, withheldUntil: 0, pull: false })
    this.#states = {
      'hid-in': none(),
      'hid-out': none(),
      'serial-in': none(),
      'serial-out': none(),
    }
  }

  command(command: UsbCommand): CommandResult {
    const { endpoint } = command
    this.#change(endpoint, this.#meaning(command))
    const message = this.listener
      ? `USB ${endpoint}: ${SAID[command.do]}.`
      : 'This wand is not on USB. Start the simulator with --usbip.'
    return { ok: this.listener !== null, message }
  }

  /** As the host sets or clears it. */
  halt(endpoint: FaultyEndpoint, halted: boolean): void {
    this.#change(endpoint, { halted })
  }

  /** The host has configured the device: no endpoint is halted any more. */
  configured(): void {
    for (const state of Object.values(this.#states)) state.halted = false
  }

  halted(endpoint: FaultyEndpoint): boolean {
    return this.#states[endpoint].halted
  }

  /** How long nothing completes yet, in ms; 0 = it does. */
  withheld(endpoint: FaultyEndpoint): number {
    return Math.max(0, this.#states[endpoint].withheldUntil - this.#env.monotonic())
  }

  /** Whether this transfer is lost. */
  takeDrop(endpoint: FaultyEndpoint): boolean {
    const state = this.#states[endpoint]
    if (state.drop === 0) return false
    state.drop -= 1
    return true
  }

  /** Whether the plug is pulled in the middle of this transfer. */
  takePull(endpoint: FaultyEndpoint): boolean {
    const { pull } = this.#states[endpoint]
    this.#states[endpoint].pull = false
    return pull
  }

  #meaning(command: UsbCommand): Partial<State> {
    switch (command.do) {
      case 'usb-drop':
        return { drop: command.count }
      case 'usb-stall':
        return { halted: true }
      case 'usb-nak':
        return { withheldUntil: this.#env.monotonic() + command.seconds * 1000 }
      case 'usb-pull':
        return { pull: true }
    }
  }

  #change(endpoint: FaultyEndpoint, change: Partial<State>): void {
    Object.assign(this.#states[endpoint], change)
    this.listener?.(endpoint)
  }
}

// What every way of making a simulated wand reachable looks like to the simulator.

/** Why a port could not be made. `no-pty`: this system has none; TCP works everywhere. */
export type PortFault = 'no-pty' | 'link' | 'listen'

export class PortFaultError extends Error {
  readonly reason: PortFault
  constructor(reason: PortFault, message: string) {
    super(message)
    this.reason = reason
  }
}

export type UsbPlace =
  /** It plugs itself into this machine's kernel. */
  | { readonly attach: 'self' }
  /** What to type on the machine that shall have it, and why it is not in this one by itself. */
  | { readonly attach: string; readonly why: string }

export type PortKind = 'pty' | 'tcp' | 'usbip'

export interface SimulatedPort {
  readonly kind: PortKind
  /**
   * How a host opens it: a device's path, `tcp://host:port`, or `usbip://host:port/bus-id`. A terminal
   * without a link has another path after every plugging in, and none (empty) while unplugged.
   */
  readonly path: string
  /** Of USB only: how it gets into a machine. */
  readonly usb?: UsbPlace
  /** Idempotent. Nothing of the port is left when it resolves. */
  stop(): Promise<void>
}

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

export interface SimulatedPort {
  readonly kind: 'pty' | 'tcp'
  /**
   * How a host opens it: a device's path, or `tcp://host:port`. A terminal without a link has another
   * path after every plugging in, and none (empty) while unplugged.
   */
  readonly path: string
  /** Idempotent. Nothing of the port is left when it resolves. */
  stop(): Promise<void>
}

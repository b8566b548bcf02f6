// What a way to a wand looks like to the kit: opened as often as a check wants, bytes in, bytes out.
import type { Framing } from '../../protocol/framing/framing.ts'

/** A sentence on why a port cannot be opened. */
export class PortError extends Error {}

export interface Heard {
  /** Bytes as they came; of reports, whole ones. */
  data(bytes: Uint8Array): void
  /** The port is gone, and nobody here closed it. */
  gone(why: string): void
}

/** The lines of a serial port beside the data. */
export interface ModemLines {
  readonly dtr?: boolean
  readonly rts?: boolean
  readonly brk?: boolean
}

export interface Connection {
  write(bytes: Uint8Array): void
  /** Sets lines of a serial port; false = it has none. */
  lines(set: ModemLines): Promise<boolean>
  /** Resolves when the port can be opened again. */
  close(): Promise<void>
}

export interface Port {
  readonly path: string
  readonly framing: Framing
  /** Rejects with PortError. One connection at a time. */
  open(heard: Heard): Promise<Connection>
}

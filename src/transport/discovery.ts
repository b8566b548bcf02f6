// What is plugged in, without opening any of it.

export interface SerialDevice {
  readonly path: string
  readonly vendorId: string | null
  readonly productId: string | null
  readonly manufacturer: string | null
  readonly product: string | null
  readonly serialNumber: string | null
}

export interface Found {
  readonly ports: readonly SerialDevice[]
  /** What stood in the way of looking, in a sentence; null = nothing. */
  readonly note: string | null
}

/** What the serial library gives for one port; the rest of its fields differ between systems. */
export interface Listed {
  readonly path: string
  readonly vendorId?: string | undefined
  readonly productId?: string | undefined
  readonly manufacturer?: string | undefined
  readonly serialNumber?: string | undefined
  readonly friendlyName?: string | undefined
}

async function systemList(): Promise<readonly Listed[]> {
  const { SerialPort } = await import('serialport')
  return SerialPort.list()
}

/** Ports of this computer, by path. Pseudo-terminals are not listed by any system. Never rejects. */
export async function listSerial(
  list: () => Promise<readonly Listed[]> = systemList,
): Promise<Found> {
  try {
    const found = [...(await list())].sort((a, b) => (a.path < b.path ? -1 : 1))
    return { note: null, ports: found.map(device) }
  } catch (error) {
    return { ports: [], note: whyNot(error as NodeJS.ErrnoException) }
  }
}

function device(port: Listed): SerialDevice {
  return {
    path: port.path,
    vendorId: port.vendorId ?? null,
    productId: port.productId ?? null,
    manufacturer: port.manufacturer ?? null,
    product: port.friendlyName ?? null,
    serialNumber: port.serialNumber ?? null,
  }
}

function whyNot(error: NodeJS.ErrnoException): string {
  // On Linux the list comes from udev's own tool.
  if (error.code === 'ENOENT') {
    return 'Serial ports cannot be listed: udevadm is missing. Install the package udev, or name the port with --serial.'
  }
  return `Serial ports cannot be listed: ${error.message}. Name the port with --serial.`
}

// `wandbridge devices`: what is plugged in. Opens nothing.
import type { Command } from 'commander'
import { listSerial } from '../transport/discovery.ts'

export function registerDevices(program: Command): void {
  program
    .command('devices')
    .description('List the serial ports of this computer. Opens none of them.')
    .option('--json', 'one JSON object a line')
    .action(async (flags: { json?: boolean }) => {
      const { ports, note } = await listSerial()
      if (note !== null) console.error(note)
      for (const port of ports) {
        if (flags.json) console.log(JSON.stringify(port))
        else {
          const id = port.vendorId ? `${port.vendorId}:${port.productId ?? '?'}` : 'no USB device'
          const names = [port.manufacturer, port.product, port.serialNumber].filter(Boolean)
          console.log([port.path.padEnd(20), id.padEnd(14), ...names].join('  '))
        }
      }
      if (ports.length === 0 && !flags.json) console.log('No serial port is present.')
    })
}

// A wand on a serial port or a pseudo-terminal, by serialport.
import { LINES } from '../../protocol/framing/line-stream.ts'
import { BAUD } from '../../protocol/framing/serial-line.ts'
import { type Connection, type Port, PortError } from './port.ts'

export function serialPort(path: string): Port {
  return {
    path,
    framing: LINES,
    async open(heard): Promise<Connection> {
      const { SerialPort } = await import('serialport')
      const port = new SerialPort({
        ...{ path, baudRate: BAUD, dataBits: 8, parity: 'none', stopBits: 1 },
        // Dropping DTR on close resets many wands, and a check opens the port again at once.
        ...{ rtscts: false, hupcl: false, lock: true, autoOpen: false },
      })
      let closing = false
      const gone = (why: string) => {
        if (closing) return
        closing = true
        heard.gone(`${path}: ${why}`)
      }
      port.on('error', (error) => gone(error.message))
      port.on('close', () => gone('the device went away'))
      port.on('data', (bytes: Buffer) => heard.data(bytes))
      await new Promise<void>((resolve, reject) => {
        port.open((error) =>
          error ? reject(new PortError(`${path}: ${error.message}`)) : resolve(),
        )
      })
      return {
        write: (bytes) => void port.write(Buffer.from(bytes)),
        lines: (set) =>
          new Promise((resolve) => {
            port.set(set, (error) => resolve(!error))
          }),
        close: () =>
          new Promise((resolve) => {
            closing = true
            if (port.isOpen) port.close(() => resolve())
            else resolve()
          }),
      }
    },
  }
}

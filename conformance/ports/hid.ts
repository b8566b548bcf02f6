// A wand's HID interface, by node-hid. hidapi puts a report id in front of what it sends; the wand has none.
import { REPORT_SIZE } from '../../protocol/framing/hid-report.ts'
import { REPORTS } from '../../protocol/framing/report-stream.ts'
import { HID_USAGE, HID_USAGE_PAGE } from '../../protocol/usb.ts'
import { type Connection, type Port, PortError } from './port.ts'

export function hidPort(path: string): Port {
  return {
    path,
    framing: REPORTS,
    async open(heard): Promise<Connection> {
      const said = (error: unknown) => (error instanceof Error ? error.message : String(error))
      const refused = (error: unknown) => {
        throw new PortError(`${path}: ${said(error)}`)
      }
      const { default: hid } = await import('node-hid').catch(refused)
      if (path.startsWith('/dev/')) hid.setDriverType('hidraw')
      const device = await hid.HIDAsync.open(path).catch(refused)
      const info = await device.getDeviceInfo().catch(() => null)
      // Named by mistake, a keyboard must not get reports.
      if (info?.usagePage && (info.usagePage !== HID_USAGE_PAGE || info.usage !== HID_USAGE)) {
        await device.close()
        throw new PortError(`${path} is a HID device of another kind, no wand. It was let alone.`)
      }
      let closing = false
      const gone = (error: unknown) => {
        if (!closing) heard.gone(`${path}: ${said(error)}`)
        closing = true
      }
      device.on('error', gone)
      device.on('data', (bytes: Uint8Array) => {
        const withId = bytes.length === REPORT_SIZE + 1 && bytes[0] === 0
        heard.data(withId ? bytes.subarray(1) : bytes)
      })
      let queue = Promise.resolve()
      return {
        write(bytes) {
          for (let at = 0; at < bytes.length; at += REPORT_SIZE) {
            const report = Buffer.from([0, ...bytes.subarray(at, at + REPORT_SIZE)])
            queue = queue.then(async () => void (await device.write(report))).catch(gone)
          }
        },
        lines: async () => false,
        async close() {
          closing = true
          await queue
          await device.close().catch(() => {})
        },
      }
    },
  }
}

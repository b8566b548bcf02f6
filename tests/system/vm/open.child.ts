// Opens a wand's HID interface as the host does, and says what came of it: JSON with `end` and
// `message` where it could not be opened, `bytes` of the reply to HELLO where it could. For another user
// or another state of the machine; quick, because it loads nothing else of the host.
import { ReportEncoder } from '../../../protocol/framing/hid-report.ts'
import { hidSource } from '../../../src/transport/hid.ts'
import type { PortError } from '../../../src/transport/port.ts'
import { hello } from './exchange.ts'

const port = hidSource(process.argv[2] ?? '').create()
try {
  const bytes = await new Promise<number>((resolve, reject) => {
    port
      .open({ data: (reply) => resolve(reply.length), ended: (_, why) => reject(new Error(why)) })
      .then(() => port.write(new ReportEncoder().encode(hello())), reject)
  })
  console.log(JSON.stringify({ bytes }))
} catch (error) {
  const { end, message } = error as PortError
  console.log(JSON.stringify({ end, message }))
}
await port.close()

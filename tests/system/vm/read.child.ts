// One interrogation over HID in a process of its own, which may use another driver than the tests do.
// Argument: the path, of hidraw or of libusb. Prints the pump and its blocks as JSON.
import { hidSource } from '../../../src/transport/hid.ts'
import { readOnce } from './bridge.ts'

const { pump, evidence } = await readOnce(hidSource(process.argv[2] ?? ''))
console.log(JSON.stringify({ pump, evidence: { body: evidence.body } }))

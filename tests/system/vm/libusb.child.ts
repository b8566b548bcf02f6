// One HELLO over the wand's HID interface with node-hid's libusb driver; a process can use only one of
// its drivers, and the tests use the other. Argument: the serial number. Prints the device as node-hid
// lists it, with the serial number that HELLO told, and what took how long.
import hid from 'node-hid'
import { USB_SIMULATOR } from '../../../protocol/usb.ts'
import { Reports } from './reports.ts'

const times: Record<string, number> = {}
const done = (what: string) => {
  times[what] = Math.round(performance.now())
}
done('load')
const [serial] = process.argv.slice(2)
hid.setDriverType('libusb')
const { vendorId, productId } = USB_SIMULATOR
const listed = (await hid.devicesAsync(vendorId, productId)).find((d) => d.serialNumber === serial)
done('list')
if (!listed?.path) throw new Error(`${serial} is not listed`)
const reports = await Reports.open(listed.path)
done('open')
const told = await reports.hello()
done('hello')
await reports.close()
done('close')
console.log(JSON.stringify({ ...listed, told, times }))

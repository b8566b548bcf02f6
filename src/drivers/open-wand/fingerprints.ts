// Devices that are wands of the open protocol, by what they say of themselves. Makers of wands add theirs, and a rule
// for their users to deploy/udev.
import { HID_USAGE, HID_USAGE_PAGE, USB_SIMULATOR } from '../../../protocol/usb.ts'
import type { Fingerprint } from '../../transport/port.ts'

export const FINGERPRINTS: readonly Fingerprint[] = [
  {
    name: 'simulated wand',
    ...USB_SIMULATOR,
    serialNumber: /^SIMW-\d+$/,
    path: /usb-Wandbridge_Simulated_wand_|usbmodemSIMW/,
    hid: { usagePage: HID_USAGE_PAGE, usage: HID_USAGE, openDescriptor: true },
  },
]

// The wand as a USB device, declared once as data: one configuration with the serial line as CDC-ACM
// (two interfaces, bound together) and the HID interface beside it. The bytes are made from the table.
//
// Facts: USB 2.0 §9.6 (standard descriptors), CDC 1.2 §5.2.3 and PSTN 1.2 §5.3 (functional
// descriptors), HID 1.11 §6.2.1. A full-speed device: it is made of slow parts and 64-byte packets.
import { REPORT_DESCRIPTOR, REPORT_SIZE } from '../../../protocol/framing/hid-report.ts'
import { USB_SIMULATOR } from '../../../protocol/usb.ts'

export const PACKET_SIZE = 64

/** What of a standard or class descriptor its first bytes say. */
export const DescriptorType = {
  DEVICE: 1,
  CONFIGURATION: 2,
  STRING: 3,
  INTERFACE: 4,
  ENDPOINT: 5,
  ASSOCIATION: 11,
  HID: 0x21,
  REPORT: 0x22,
  CLASS_INTERFACE: 0x24,
} as const

const BULK = 2
const INTERRUPT = 3

/** Bit 7 of the address: towards the host. Intervals in ms. */
export const ENDPOINTS = {
  notify: { address: 0x81, attributes: INTERRUPT, size: 16, interval: 16 },
  'serial-in': { address: 0x82, attributes: BULK, size: PACKET_SIZE, interval: 0 },
  'serial-out': { address: 0x02, attributes: BULK, size: PACKET_SIZE, interval: 0 },
  'hid-in': { address: 0x83, attributes: INTERRUPT, size: REPORT_SIZE, interval: 1 },
  'hid-out': { address: 0x03, attributes: INTERRUPT, size: REPORT_SIZE, interval: 1 },
} as const
export type EndpointName = keyof typeof ENDPOINTS

const low = (n: number) => n & 0xff
const high = (n: number) => n >> 8

export const CDC_CONTROL = 0
export const CDC_DATA = 1
export const HID_INTERFACE = 2

/** The HID descriptor: HID 1.11, no country, one report descriptor. */
export const HID_DESCRIPTOR = sized(DescriptorType.HID, [
  ...[0x11, 0x01, 0, 1, DescriptorType.REPORT],
  ...[low(REPORT_DESCRIPTOR.length), high(REPORT_DESCRIPTOR.length)],
])

interface Interface {
  readonly number: number
  /** Class, subclass, protocol. */
  readonly kind: readonly [number, number, number]
  /** Class descriptors that follow the interface's own. */
  readonly more: readonly number[]
  readonly endpoints: readonly EndpointName[]
}

export const INTERFACES: readonly Interface[] = [
  {
    number: CDC_CONTROL,
    // Abstract control model, and no AT commands: nothing should dial.
    kind: [0x02, 0x02, 0x00],
    more: [
      // Header: CDC 1.10.
      ...sized(DescriptorType.CLASS_INTERFACE, [0x00, 0x10, 0x01]),
      // Call management: none.
      ...sized(DescriptorType.CLASS_INTERFACE, [0x01, 0x00, CDC_DATA]),
      // Line coding and state (2), break (4): without break Linux refuses to set DTR and RTS together.
      ...sized(DescriptorType.CLASS_INTERFACE, [0x02, 0x02 | 0x04]),
      // Union of the two.
      ...sized(DescriptorType.CLASS_INTERFACE, [0x06, CDC_CONTROL, CDC_DATA]),
    ],
    endpoints: ['notify'],
  },
  {
    number: CDC_DATA,
    kind: [0x0a, 0x00, 0x00],
    more: [],
    endpoints: ['serial-in', 'serial-out'],
  },
  {
    number: HID_INTERFACE,
    kind: [0x03, 0x00, 0x00],
    more: HID_DESCRIPTOR,
    endpoints: ['hid-in', 'hid-out'],
  },
]

/** Class "miscellaneous" with interface association: several functions in one device. */
export const DEVICE_CLASS = [0xef, 0x02, 0x01] as const

const Strings = { MANUFACTURER: 1, PRODUCT: 2, SERIAL: 3 } as const

export const DEVICE_DESCRIPTOR = Uint8Array.from(
  sized(DescriptorType.DEVICE, [
    ...[0x00, 0x02],
    ...DEVICE_CLASS,
    PACKET_SIZE,
    ...[low(USB_SIMULATOR.vendorId), high(USB_SIMULATOR.vendorId)],
    ...[low(USB_SIMULATOR.productId), high(USB_SIMULATOR.productId)],
    ...[low(USB_SIMULATOR.release), high(USB_SIMULATOR.release)],
    ...[Strings.MANUFACTURER, Strings.PRODUCT, Strings.SERIAL],
    1,
  ]),
)

/** Everything of the one configuration, in the order of the book. */
export const CONFIGURATION_DESCRIPTOR = Uint8Array.from(configuration())

function configuration(): number[] {
  const parts = [
    // Interfaces 0 and 1 are one function.
    ...sized(DescriptorType.ASSOCIATION, [CDC_CONTROL, 2, 0x02, 0x02, 0x00, 0]),
    ...INTERFACES.flatMap(({ number, kind, more, endpoints }) => [
      ...sized(DescriptorType.INTERFACE, [number, 0, endpoints.length, ...kind, 0]),
      ...more,
      ...endpoints.flatMap((name) => {
        const { address, attributes, size, interval } = ENDPOINTS[name]
        return sized(DescriptorType.ENDPOINT, [
          address,
          attributes,
          low(size),
          high(size),
          interval,
        ])
      }),
    ]),
  ]
  const total = 9 + parts.length
  // Configuration 1, fed by the bus with at most 100 mA (50 × 2 mA).
  const head = [low(total), high(total), INTERFACES.length, 1, 0, 0x80, 50]
  return [...sized(DescriptorType.CONFIGURATION, head), ...parts]
}

/** String descriptor `index` of the wand with this serial number; null = there is none. */
export function stringDescriptor(index: number, serial: string): Uint8Array | null {
  const { manufacturer, product } = USB_SIMULATOR
  if (index === 0) return Uint8Array.from(sized(DescriptorType.STRING, [0x09, 0x04]))
  const text = [null, manufacturer, product, serial][index]
  if (!text) return null
  return Uint8Array.from(sized(DescriptorType.STRING, [...Buffer.from(text, 'utf16le')]))
}

function sized(type: number, body: readonly number[]): number[] {
  return [body.length + 2, type, ...body]
}

// What a wand says about itself over USB. README.md §6.4. The simulator shows it, the host's
// discovery looks for it; HELLO alone decides.

/**
 * The identity of the simulated wand. 0x1209:0x0001 is the test identity that everybody may use on
 * a bench and nobody in a product, so it alone says nothing: the strings belong to it.
 */
export const USB_SIMULATOR = {
  vendorId: 0x1209,
  productId: 0x0001,
  /** Binary-coded decimal, as in the device descriptor: 1.00. */
  release: 0x0100,
  manufacturer: 'Wandbridge',
  product: 'Simulated wand',
} as const

/** The top-level usage of the wand's HID interface (README.md §6.3). */
export const HID_USAGE_PAGE = 0xff00
export const HID_USAGE = 0x01

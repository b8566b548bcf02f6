// The receivers of README.md §5.2 and §6.2 as the page writes them: byte by byte, step by step, with nothing
// in common with the product. They judge it: whatever comes, both must hear the same.

export type Heard = { readonly pdu: string } | { readonly refused: string; readonly fault: string }

interface Receiver {
  readonly heard: Heard[]
  readonly held: number
  push(bytes: Uint8Array): void
  close(): void
}

const hex = (bytes: readonly number[]) => Buffer.from(bytes).toString('hex')

/** §4.1, bit by bit. */
function crcOf(bytes: readonly number[]): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return (crc ^ 0xffffffff) >>> 0
}

const number = (bytes: readonly number[]) => bytes.reduceRight((sum, byte) => sum * 256 + byte, 0)

/** §4.4; null = no fault. */
function faultOfPdu(bytes: readonly number[]): string | null {
  const { length } = bytes
  if (length < 20 || length > 252 || number(bytes.slice(6, 8)) !== length - 20) return 'truncated'
  if (number(bytes.slice(-4)) !== crcOf(bytes.slice(0, -4))) return 'checksum'
  return bytes[0] === 1 ? null : 'version'
}

/** §5.1: the bytes of a line's PDU, or its fault. */
function lineOf(text: string): readonly number[] | string {
  if (!text.startsWith(':')) return 'noise'
  const digits = text.slice(1, -2)
  if (!text.endsWith('\r\n') || digits.length % 2 === 1 || digits.length < 40) return 'truncated'
  if (digits.length > 504) return 'too-long'
  if (/[^0-9A-F]/.test(digits)) return 'noise'
  return [...Buffer.from(digits, 'hex')]
}

/** §5.2. */
export function plainLines(): Receiver {
  const heard: Heard[] = []
  let held: number[] = []
  let throwing = false
  let closed = false
  const refuse = (named?: string) => {
    const fault = named ?? (throwing ? 'too-long' : held[0] === 0x3a ? 'truncated' : 'noise')
    if (held.length > 0) heard.push({ refused: hex(held), fault })
    held = []
    throwing = false
  }
  const take = (byte: number) => {
    if (byte === 0x3a) refuse()
    if (held.length === 512) {
      refuse('too-long')
      throwing = true
    }
    held.push(byte)
    if (byte !== 0x0a) return
    if (closed || throwing || held[0] !== 0x3a) return refuse()
    const pdu = lineOf(Buffer.from(held).toString('latin1'))
    const fault = typeof pdu === 'string' ? pdu : faultOfPdu(pdu)
    if (fault !== null) return refuse(fault)
    heard.push({ pdu: hex(pdu as readonly number[]) })
    held = []
  }
  return {
    heard,
    get held() {
      return held.length
    },
    push(bytes) {
      for (const byte of bytes) take(byte)
      if (closed) refuse()
    },
    close() {
      closed = true
      refuse()
    },
  }
}

/** §6.2. */
export function plainReports(): Receiver {
  const heard: Heard[] = []
  let held: number[][] = []
  let newest: number | null = null
  const recent = new Map<number, string>()
  const refuse = (fault: string, reports: readonly number[][]) => {
    if (reports.length > 0) heard.push({ refused: hex(reports.flat()), fault })
  }
  const drop = (fault: string) => {
    refuse(fault, held)
    held = []
  }
  const take = (report: number[]) => {
    if (report.length < 64) return refuse('truncated', [report])
    const [counter = 0, place = 0, used = 0, tag = 0] = report
    const [index, count] = [place >> 4, place % 16]
    const whole = index === count - 1 ? used >= 1 && used <= 60 : used === 60
    const padded = report.slice(4 + used).every((byte) => byte === 0)
    if (count < 1 || count > 5 || index >= count || !whole || !padded) {
      return refuse('noise', [report])
    }
    if (recent.get(counter % 16) === hex(report)) return refuse('repeated', [report])
    recent.set(counter % 16, hex(report))
    const [first] = held
    const continues =
      newest !== null &&
      counter === (newest + 1) % 256 &&
      index === held.length &&
      index !== 0 &&
      first?.[3] === tag &&
      first[1] === count
    newest = counter
    if (!continues) drop('out-of-sequence')
    if (!continues && index !== 0) return refuse('out-of-sequence', [report])
    held.push(report)
    if (held.length < count) return
    const pdu = held.flatMap((one) => one.slice(4, 4 + (one[2] as number)))
    const fault = faultOfPdu(pdu)
    if (fault === null) heard.push({ pdu: hex(pdu) })
    else refuse(fault, held)
    held = []
  }
  return {
    heard,
    get held() {
      return held.length * 64
    },
    push(bytes) {
      for (let at = 0; at < bytes.length; at += 64) take([...bytes.subarray(at, at + 64)])
    },
    close: () => drop('truncated'),
  }
}

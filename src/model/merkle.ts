// Proofs about the Merkle tree of RFC 6962 section 2.1 (RFC 9162 section 2.1), without a hash function:
// each check is a generator that gives two nodes and is given the node above them. So the log and its
// verifier, whose hash answers at once, and a browser, whose hash does not, run the same code. Pure.

export type Hash = Uint8Array
export const HASH_BYTES = 32

/** Root of the tree without leaves: SHA-256 of nothing. */
export const EMPTY_ROOT: Hash = Uint8Array.from(
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'.match(/../g) ?? [],
  (byte) => Number.parseInt(byte, 16),
)

/** Gives left and right, and wants SHA-256(0x01 ‖ left ‖ right). */
export type Steps<T> = Generator<readonly [Hash, Hash], T, Hash>

/** What is hashed for the node above two others. */
export function nodeBytes(left: Hash, right: Hash): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(1 + 2 * HASH_BYTES)
  bytes[0] = 1
  bytes.set(left, 1)
  bytes.set(right, 1 + HASH_BYTES)
  return bytes
}

/** Runs the steps with a hash that answers at once. */
export function atOnce<T>(steps: Steps<T>, node: (left: Hash, right: Hash) => Hash): T {
  let next = steps.next()
  while (!next.done) next = steps.next(node(...next.value))
  return next.value
}

/** The same with a hash that takes its time. */
export async function inTime<T>(
  steps: Steps<T>,
  node: (left: Hash, right: Hash) => Promise<Hash>,
): Promise<T> {
  let next = steps.next()
  while (!next.done) next = steps.next(await node(...next.value))
  return next.value
}

export const sameHash = (a: Hash, b: Hash): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i])

const odd = (n: number) => n % 2 === 1
const half = (n: number) => Math.floor(n / 2)

/** The largest power of two smaller than n. */
export function split(n: number): number {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}

/** RFC 9162 section 2.1.3.2: does `proof` show that `leaf` is number `index` under `root`? */
export function* includes(
  leaf: Hash,
  index: number,
  size: number,
  proof: readonly Hash[],
  root: Hash,
): Steps<boolean> {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) return false
  let fn = index
  let sn = size - 1
  let r = leaf
  for (const p of proof) {
    if (p.length !== HASH_BYTES || sn === 0) return false
    if (odd(fn) || fn === sn) {
      r = yield [p, r]
      while (!odd(fn) && fn !== 0) {
        fn = half(fn)
        sn = half(sn)
      }
    } else {
      r = yield [r, p]
    }
    fn = half(fn)
    sn = half(sn)
  }
  return sn === 0 && sameHash(r, root)
}

/** RFC 9162 section 2.1.4.2: is the tree under `fromRoot` a beginning of the one under `toRoot`? */
export function* continues(
  from: number,
  fromRoot: Hash,
  to: number,
  toRoot: Hash,
  proof: readonly Hash[],
): Steps<boolean> {
  if (from < 0 || from > to) return false
  if (from === to) return proof.length === 0 && sameHash(fromRoot, toRoot)
  if (from === 0) return proof.length === 0 && sameHash(fromRoot, EMPTY_ROOT)
  const path = Number.isInteger(Math.log2(from)) ? [fromRoot, ...proof] : [...proof]
  const first = path.shift()
  if (!first || path.length === 0) return false
  let fn = from - 1
  let sn = to - 1
  while (odd(fn)) {
    fn = half(fn)
    sn = half(sn)
  }
  let fr = first
  let sr = first
  for (const c of path) {
    if (c.length !== HASH_BYTES || sn === 0) return false
    if (odd(fn) || fn === sn) {
      fr = yield [c, fr]
      sr = yield [c, sr]
      while (!odd(fn) && fn !== 0) {
        fn = half(fn)
        sn = half(sn)
      }
    } else {
      sr = yield [sr, c]
    }
    fn = half(fn)
    sn = half(sn)
  }
  return sn === 0 && sameHash(fr, fromRoot) && sameHash(sr, toRoot)
}

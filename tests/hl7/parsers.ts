// Two parsers of HL7 v2 that we did not write, giving the same shape.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, type TestContext } from 'vitest'
import { hasJudges, medplum } from '../fhir/oracle.ts'

export interface Row {
  readonly code: string
  readonly ref: string
  readonly system: string
  readonly level: string
  readonly type: string
  readonly value: string
  /** CWE-9: what has no code. */
  readonly original: string
  readonly unit: string
  readonly flag: string
  readonly status: string
}
export interface Parsed {
  readonly control: string
  readonly trigger: string
  readonly version: string
  readonly rows: readonly Row[]
}

/** Debian's own Python: the package is not there for others. */
const PYTHON = '/usr/bin/python3'

let python: boolean | null = null
export function hasPythonHl7(): boolean {
  python ??= spawnSync(PYTHON, ['-c', 'import hl7']).status === 0
  return python
}

/** What the parsers that are installed read, all of them the same. A test that finds none is left out. */
export async function parsed(
  messages: readonly string[],
  { skip }: Pick<TestContext, 'skip'>,
): Promise<Parsed[]> {
  const readers = [...(hasJudges ? [byMedplum] : []), ...(hasPythonHl7() ? [byPython] : [])]
  const [first, ...others] = await Promise.all(readers.map((reader) => reader(messages)))
  for (const other of others) expect(other).toEqual(first)
  return first ?? skip('neither tests/oracles/fhir nor python3-hl7 is installed')
}

export function byPython(messages: readonly string[]): Parsed[] {
  const program = fileURLToPath(new URL('./parse.py', import.meta.url))
  const input = messages.map((one) => `${JSON.stringify(one)}\n`).join('')
  const { status, stdout, stderr } = spawnSync(PYTHON, [program], {
    input,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  if (status !== 0) throw new Error(stderr)
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Parsed)
}

export async function byMedplum(messages: readonly string[]): Promise<Parsed[]> {
  const { Hl7Message } = await medplum()
  return messages.map((text) => {
    const message = Hl7Message.parse(text)
    const msh = message.getSegment('MSH')
    return {
      control: msh.getComponent(10, 1) ?? '',
      trigger: msh.getComponent(9, 2) ?? '',
      version: msh.getComponent(12, 1) ?? '',
      rows: message.getAllSegments('OBX').map((obx) => {
        const of = (field: number, component = 1) => obx.getComponent(field, component) ?? ''
        return {
          code: of(3, 1),
          ref: of(3, 2),
          system: of(3, 3),
          level: of(4),
          type: of(2),
          value: of(5),
          original: of(5, 9),
          unit: of(6),
          flag: of(8),
          status: of(11),
        }
      }),
    }
  })
}

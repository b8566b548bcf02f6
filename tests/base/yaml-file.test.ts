// A YAML file from outside: bounded before it is parsed, and what is wrong is said with its line.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { readYamlFile, YamlFileError } from '../../src/base/yaml-file.ts'

const dir = mkdtempSync(join(tmpdir(), 'wandbridge-yaml-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const schema = z.strictObject({ a: z.string() })
const path = join(dir, 'a.yaml')

function read(text: string) {
  writeFileSync(path, text)
  return readYamlFile(path, schema)
}

const refusal = (what: string) => {
  try {
    readYamlFile(what, schema)
    return ''
  } catch (error) {
    expect(error).toBeInstanceOf(YamlFileError)
    return (error as Error).message
  }
}

describe('readYamlFile', () => {
  it('reads a file, and says line and reason of what is wrong', () => {
    expect(read('a: x\n')).toEqual({ a: 'x' })
    writeFileSync(path, '# one\na: x\nb: y\n')
    expect(refusal(path)).toMatch(/a\.yaml:3: b: /)
  })

  it('does not read a device, a pipe or a directory', () => {
    expect(refusal('/dev/zero')).toBe('/dev/zero cannot be read: it is not a regular file')
    const pipe = join(dir, 'pipe')
    execFileSync('mkfifo', [pipe])
    expect(refusal(pipe)).toContain('it is not a regular file')
    expect(refusal(dir)).toContain('it is not a regular file')
    expect(refusal(join(dir, 'none'))).toContain('ENOENT')
  })

  it('does not parse what is longer than people write', () => {
    writeFileSync(path, `a: ${'x'.repeat(10_000_000)}\n`)
    expect(refusal(path)).toBe(`${path} cannot be read: it is longer than 65536 bytes`)
    expect(read(`a: ${'x'.repeat(60_000)}\n`).a).toHaveLength(60_000)
  })
})

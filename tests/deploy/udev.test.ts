// The udev rules as text: each wand of the table, both ways into it, nobody else. That the system reads
// them so, and that a user can open what they name, is shown in the virtual machine.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { FINGERPRINTS } from '../../src/drivers/open-wand/fingerprints.ts'
import { hex4 } from '../../src/transport/discovery.ts'

const dir = fileURLToPath(new URL('../../deploy/udev/', import.meta.url))
const files = readdirSync(dir)

describe.each(files)('%s', (name) => {
  const rules = readFileSync(`${dir}${name}`, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))

  it('is read before the rule that carries uaccess out', () => {
    expect(name).toMatch(/^\d\d-[a-z-]+\.rules$/)
    expect(Number(name.slice(0, 2))).toBeLessThan(73)
  })

  it('is made of well-formed terms', () => {
    const term = /^[A-Z]+(\{[A-Za-z_]+\})?(==|=|\+=)"[^"]*"$/
    for (const rule of rules) for (const part of rule.split(', ')) expect(part).toMatch(term)
  })

  it('opens nothing to the world', () => {
    expect(rules.length).toBeGreaterThan(0)
    for (const rule of rules) {
      expect(rule).toContain('MODE="0660"')
      expect(rule).toContain('GROUP="dialout"')
      expect(rule).toContain('TAG+="uaccess"')
    }
  })
})

it.each(FINGERPRINTS)('$name has a rule for its serial line and its HID interface', (print) => {
  const all = files.map((name) => readFileSync(`${dir}${name}`, 'utf8')).join('')
  for (const subsystem of ['tty', 'hidraw']) {
    const line = all.split('\n').find((l) => l.startsWith(`SUBSYSTEM=="${subsystem}"`))
    expect(line).toContain(`ATTRS{idVendor}=="${hex4(print.vendorId)}"`)
    expect(line).toContain(`ATTRS{idProduct}=="${hex4(print.productId)}"`)
    expect(line).toContain(`ATTRS{manufacturer}=="${print.manufacturer}"`)
  }
})

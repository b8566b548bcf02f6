// A device file that is not there: nothing is plugged in, or the system lists it and has no file for it.
import { afterEach, beforeEach, expect, it } from 'vitest'
import { absence, isListed } from '../../src/transport/listed.ts'
import { FakeSys } from './plugged.ts'

let sys: FakeSys
beforeEach(() => {
  sys = new FakeSys()
})
afterEach(() => sys.remove())

it.each(['/dev/ttyACM0', '/dev/hidraw0'])('%s is told from a cable that is out', (path) => {
  expect(isListed(path, sys.root)).toBe(false)
  expect(absence(path, sys.root)).toContain('Is the wand plugged in?')
  sys.wand('1-1', 'SIMW-0001', 0)
  expect(isListed(path, sys.root)).toBe(true)
  const says = absence(path, sys.root)
  expect(says).toContain('lists')
  expect(says).not.toMatch(/plug the wand|is the wand plugged in/i)
})

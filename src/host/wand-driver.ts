// How this program speaks with wands, and by what it finds them, unless a program of somebody else gives another driver.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { apart } from '../drivers/apart/apart.ts'
import type { DriverKind } from '../drivers/driver.ts'
import { openWand } from '../drivers/open-wand/driver.ts'

export const WAND_DRIVER: DriverKind = openWand

/** The same in a process of its own for each port; null where its files are not, as in a clone that is not built. */
export function wandDriverApart(): DriverKind | null {
  for (let up = import.meta.dirname; up !== dirname(up); up = dirname(up)) {
    const drivers = join(up, 'src', 'drivers')
    const child = join(drivers, 'apart', 'child.js')
    const module = join(drivers, 'open-wand', 'driver.js')
    if (existsSync(child)) return apart(openWand, { module, child, name: 'openWand' })
  }
  return null
}

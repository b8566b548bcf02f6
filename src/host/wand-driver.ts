// How this program speaks with wands, and by what it finds them, unless a program of somebody else gives another driver.
import type { DriverKind } from '../drivers/driver.ts'
import { openWand } from '../drivers/open-wand/driver.ts'

export const WAND_DRIVER: DriverKind = openWand

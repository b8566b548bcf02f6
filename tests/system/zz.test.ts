import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { it } from 'vitest'
import { year } from './audit-year.ts'

it('makes', { timeout: 300000 }, async () => {
  rmSync('/tmp/report/state', { recursive: true, force: true })
  mkdirSync('/tmp/report/state', { recursive: true })
  const t = performance.now()
  const kept = await year('/tmp/report/state')
  writeFileSync('/tmp/report/kept.json', JSON.stringify(kept, null, 1))
  console.log(
    performance.now() - t,
    kept.map((k) => k.log),
  )
})

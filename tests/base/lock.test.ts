// Locks: one holder, free again when the holder's process has died, and never a wait without end.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Locked, lockFile, lockName } from '../../src/base/lock.ts'

const dir = mkdtempSync(join(tmpdir(), 'wandbridge-lock-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))
let n = 0
const fresh = () => {
  n += 1
  return join(dir, `${n}`, 'lock')
}
const inside = (path: string) => readdirSync(join(path, '..'))

describe('lockFile', () => {
  it('has one holder, and is free after it', async () => {
    const path = fresh()
    mkdirSync(join(path, '..'))
    const release = await lockFile(path)
    const refused = await lockFile(path).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(Locked)
    expect(refused).toMatchObject({ code: 'ELOCKED', holder: process.pid })
    await release()
    await (await lockFile(path))()
    expect(inside(path)).toEqual([])
  })

  it('goes to one of many that ask at once, over whatever was left there', async () => {
    const left: ((path: string) => void)[] = [
      () => {},
      (path) => writeFileSync(path, ''),
      (path) => writeFileSync(path, `${process.pid} another boot 1`),
      (path) => writeFileSync(path, '4000000000 nobody 1'),
      (path) => writeFileSync(path, 'not a process'),
      (path) => symlinkSync('/nowhere/at/all', path),
      (path) => symlinkSync(path, path),
    ]
    for (const leave of left) {
      const path = fresh()
      mkdirSync(join(path, '..'))
      leave(path)
      const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockFile(path)))
      expect(tries.filter((one) => one.status === 'fulfilled')).toHaveLength(1)
      for (const one of tries) {
        if (one.status === 'rejected') expect(one.reason).toBeInstanceOf(Locked)
      }
      expect(inside(path)).toEqual(['lock'])
    }
  })
})

describe('lockName', () => {
  it('has one holder, and is free after it', async () => {
    const name = `test/${process.pid}`
    const release = await lockName(name)
    await expect(lockName(name)).rejects.toBeInstanceOf(Locked)
    await (await lockName(`${name}-other`))()
    await release()
    await (await lockName(name))()
  })
})

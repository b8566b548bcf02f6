// Two bridges are two processes: only one has a HID device, and it is free the moment the other is
// gone, however it ended.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { endAll, eventually, run } from './programs.ts'

const LOCK = join(
  fileURLToPath(new URL('../../', import.meta.url)),
  'dist/src/transport/hid-lock.js',
)

afterAll(endAll)

function holder(path: string) {
  const code = `import(${JSON.stringify(LOCK)}).then(({ lockHid }) => lockHid(process.argv[1]))
    .then(() => { console.log('held'); setInterval(() => {}, 1000) }, (e) => console.log(e.end))`
  return run(process.execPath, ['-e', code, path])
}

async function said(program: ReturnType<typeof run>): Promise<string> {
  await eventually(
    () => program.out(),
    (text) => text.includes('\n'),
    10_000,
  )
  return program.out().trim()
}

it('one of two bridges has a device, and a kill -9 frees it', async () => {
  const path = `/dev/hidraw-of-${process.pid}`
  const first = holder(path)
  expect(await said(first)).toBe('held')
  expect(await said(holder(path))).toBe('busy')
  expect(await said(holder(`${path}-other`))).toBe('held')
  first.child.kill('SIGKILL')
  await first.exit
  expect(await said(holder(path))).toBe('held')
})

// The udev rules that people install, on this machine for as long as a test lasts.
import { copyFile, mkdir, rm } from 'node:fs/promises'
import { run } from './until.ts'

const RULES = 'deploy/udev/70-wandbridge.rules'
const INSTALLED = '/run/udev/rules.d/70-wandbridge.rules'

export async function withRules(test: () => Promise<void>): Promise<void> {
  await mkdir('/run/udev/rules.d', { recursive: true })
  await copyFile(RULES, INSTALLED)
  await run('udevadm', ['control', '--reload'])
  try {
    await test()
  } finally {
    await rm(INSTALLED, { force: true })
    await run('udevadm', ['control', '--reload'])
  }
}

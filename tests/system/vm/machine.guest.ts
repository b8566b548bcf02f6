// The machine itself: a stock kernel that has what the other tests stand on.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { note } from './host.ts'
import { run } from './until.ts'

test('the guest is a stock kernel with a USB host and udev', async () => {
  const { stdout } = await run('uname', ['-r'])
  note(`kernel ${stdout.trim()}, node ${process.version}`)
  for (const name of ['usbhid', 'hid_generic', 'cdc_acm', 'ftdi_sio']) {
    await run('modprobe', [name])
  }
  await run('udevadm', ['settle'])
  assert.ok(existsSync('/sys/devices/platform/vhci_hcd.0/attach'))
})

// The machine itself: a stock kernel that has what the other tests stand on.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { note } from './host.ts'

test('the guest is a stock kernel with a USB host and udev', () => {
  const release = execFileSync('uname', ['-r'], { encoding: 'utf8' }).trim()
  note(`kernel ${release}, node ${process.version}`)
  for (const name of ['vhci_hcd', 'usbhid', 'hid_generic', 'cdc_acm', 'ftdi_sio', 'xhci_pci']) {
    execFileSync('modprobe', [name])
  }
  execFileSync('udevadm', ['settle'])
  assert.ok(existsSync('/sys/devices/platform/vhci_hcd.0/attach'))
})

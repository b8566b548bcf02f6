// Who may open a wand: with the udev rules an unprivileged user of the group, without them nobody but
// root, and everybody is told why. And what is said where libusb is missing.
import assert from 'node:assert/strict'
import { copyFile, mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { Command } from './bridge.ts'
import { note } from './host.ts'
import { run } from './until.ts'
import { plugged, withSimulator } from './wand.ts'

const RULES = join(import.meta.dirname, '../../../../../../deploy/udev/70-wandbridge.rules')
const INSTALLED = '/run/udev/rules.d/70-wandbridge.rules'
const USB = { ports: [{ kind: 'usbip', port: 0 }] } as const

async function install(): Promise<void> {
  await mkdir('/run/udev/rules.d', { recursive: true })
  await copyFile(RULES, INSTALLED)
  await run('udevadm', ['control', '--reload'])
}

async function remove(): Promise<void> {
  await rm(INSTALLED, { force: true })
  await run('udevadm', ['control', '--reload'])
}

const findings = (out: string) =>
  out
    .split('\n')
    .filter(Boolean)
    .map((text) => JSON.parse(text))

test('without the rules a user is told that the wand may not be opened, and what to do', () =>
  withSimulator(USB, async () => {
    const { hidraw } = await plugged()
    const status = await new Command(['status', '--hid', hidraw], []).ended()
    assert.equal(status.code, 3, status.err)
    assert.match(status.err, /may not be opened by this user\. On Linux, install the udev rules/)
    const doctor = await new Command(['doctor', '--json'], []).ended()
    assert.equal(doctor.code, 1)
    const wrong = findings(doctor.out).filter((finding) => finding.level === 'wrong')
    const access = wrong.filter((finding) => finding.topic === 'Access').map((f) => f.says)
    note(access.join(' '))
    assert.ok(access.some((says) => says.includes(hidraw)))
    assert.match(wrong[0]?.todo ?? '', /70-wandbridge\.rules/)
  }))

test('with the rules a user of the group reads it, and the world does not', async () => {
  await install()
  try {
    await withSimulator(USB, async () => {
      const { hidraw, tty } = await plugged()
      for (const path of [hidraw, tty]) {
        const { mode, gid } = await stat(path)
        assert.equal(mode & 0o777, 0o660, path)
        assert.equal(gid, 20, `${path} belongs to dialout`)
        const { stdout } = await run('udevadm', ['info', '--query=property', path])
        assert.match(stdout, /^TAGS=.*:uaccess:/m)
      }
      const sys = `/sys/class/hidraw/${hidraw.slice(5)}`
      const tried = await run('udevadm', ['test', sys])
      const said = `${tried.stdout}${tried.stderr}`
      assert.match(said, /Reading rules file: .*70-wandbridge\.rules/)
      assert.doesNotMatch(said, /70-wandbridge\.rules:\d+ (?!.*(GROUP|MODE|TAG))/)
      const allowed = await new Command(['status', '--json', '--hid', 'auto'], ['20']).ended()
      assert.equal(allowed.code, 0, allowed.err)
      const refused = await new Command(['status', '--hid', 'auto'], []).ended()
      assert.equal(refused.code, 3)
      assert.match(refused.err, /may not be opened by this user/)
    })
  } finally {
    await remove()
  }
})

test('where libusb is missing, status, doctor and the serial port say so and go on', async () => {
  const lib = '/usr/lib/x86_64-linux-gnu/libusb-1.0.so.0'
  await rename(lib, `${lib}.away`)
  try {
    await withSimulator(USB, async () => {
      const { hidraw, tty } = await plugged()
      const status = await new Command(['status', '--hid', hidraw]).ended()
      assert.equal(status.code, 3)
      assert.match(status.err, /install the package libusb-1\.0-0/)
      const doctor = await new Command(['doctor', '--json']).ended()
      const wrong = findings(doctor.out).filter((finding) => finding.level === 'wrong')
      assert.ok(
        wrong.some((finding) => finding.topic === 'HID driver'),
        doctor.out,
      )
      const serial = await new Command(['status', '--json', '--serial', tty]).ended()
      assert.equal(serial.code, 0, serial.err)
    })
  } finally {
    await rename(`${lib}.away`, lib)
  }
})

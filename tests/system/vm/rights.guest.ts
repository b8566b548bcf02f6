// Who may open a wand: with the udev rules an unprivileged user of the group, without them nobody but
// root, and everybody is told why. And what is said where libusb is missing.
import assert from 'node:assert/strict'
import { realpath, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { asNobody, commandAsNobody } from './bridge.ts'
import { withRules } from './rules.ts'
import { run } from './until.ts'
import { plugged, withSimulator } from './wand.ts'

const LIBUSB = '/usr/lib/x86_64-linux-gnu/libusb-1.0.so.0'
/** The group `dialout`. */
const DIALOUT = '20'
const USB = { ports: [{ kind: 'usbip', port: 0 }] } as const

interface Opened {
  /** Of the reply to HELLO. */
  readonly bytes?: number
  readonly end?: string
  readonly message?: string
}

/** Opens a HID interface in a process of its own, run by `as`. */
async function open(path: string, as: readonly string[] = []): Promise<Opened> {
  const child = join(import.meta.dirname, 'open.child.js')
  const [program = '', ...args] = [...as, process.execPath, child, path]
  return JSON.parse((await run(program, args, { timeout: 60_000 })).stdout)
}

test('without the rules a user may not open a wand, and is told what to do', () =>
  withSimulator(USB, async () => {
    const { hidraw } = await plugged()
    const { end, message } = await open(hidraw, asNobody())
    assert.equal(end, 'denied')
    assert.match(message ?? '', /may not be opened by this user\. Install the udev rules/)
  }))

test('with the rules a user of the group opens it, and the world does not', () =>
  withRules(() =>
    withSimulator(USB, async () => {
      const { hidraw, tty } = await plugged()
      for (const path of [hidraw, tty]) {
        const { mode, gid } = await stat(path)
        assert.equal(mode & 0o777, 0o660, path)
        assert.equal(String(gid), DIALOUT, path)
        const { stdout } = await run('udevadm', ['info', '--query=property', path])
        assert.match(stdout, /^TAGS=.*:uaccess:/m)
      }
      assert.equal(await realpath('/dev/wandbridge/hid-SIMW-0001'), hidraw)
      // What udev has against a rule, it says with the file and the line of it.
      const tried = await run('udevadm', ['test', `/sys/class/hidraw/${hidraw.slice(5)}`])
      const said = `${tried.stdout}${tried.stderr}`.split('\n')
      const ours = said.filter((line) => line.includes('70-wandbridge.rules'))
      assert.ok(ours.some((line) => line.includes('Reading rules file')))
      assert.deepEqual(
        ours.filter((line) => /invalid|unknown|ignor|error|fail/i.test(line)),
        [],
      )
      assert.equal((await open(hidraw, asNobody(DIALOUT))).bytes, 64)
      assert.equal((await open(hidraw, asNobody())).end, 'denied')
    }),
  ))

test('without libusb, without rules, as nobody: doctor says all of it', async () => {
  await rename(LIBUSB, `${LIBUSB}.away`)
  try {
    await withSimulator(USB, async () => {
      const { hidraw, tty } = await plugged()
      const { end, message } = await open(hidraw)
      assert.equal(end, 'failed')
      assert.match(message ?? '', /install the package libusb-1\.0-0/)
      const doctor = await commandAsNobody('doctor', '--json')
      assert.equal(doctor.code, 1, doctor.err)
      const findings = doctor.out
        .split('\n')
        .filter(Boolean)
        .map((text) => JSON.parse(text))
      const wrong = findings.filter((finding) => finding.level === 'wrong')
      assert.ok(
        wrong.some((finding) => finding.topic === 'HID driver'),
        doctor.out,
      )
      const access = wrong.filter((finding) => finding.topic === 'Access')
      for (const path of [hidraw, tty]) {
        const one = access.find((finding) => finding.says.includes(path))
        assert.match(one?.todo ?? '', /70-wandbridge\.rules/)
      }
    })
  } finally {
    await rename(`${LIBUSB}.away`, LIBUSB)
  }
})

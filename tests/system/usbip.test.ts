// `wandbridge sim --usbip` as a program, where nothing is plugged in: what it says, and how it ends.
// What it is to a kernel is tried in the virtual machine (tests/system/vm/usb-attach.guest.ts).
import { createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { importDevice, listDevices, UsbipClient } from '../simulator/ports/usb/client.ts'
import { endAll, eventually, start } from './programs.ts'

afterEach(endAll)

describe('wandbridge sim --usbip', () => {
  it('says one line a wand, with what to type to have it, and serves it until it is stopped', async () => {
    const sim = start(['sim', '--usbip', '127.0.0.1:0', '--no-attach', '--wands', '2'])
    await eventually(sim.json, (lines) => lines.length === 2, 20_000)
    const lines = sim.json()
    const port = Number(/:(\d+)\//.exec(String(lines[0]?.['path']))?.[1])
    expect(lines[1]).toMatchObject({
      ...{ simulator: true, kind: 'usbip', wand: 'SIMW-0002' },
      path: `usbip://127.0.0.1:${port}/1-2`,
      usb: { attach: `usbip --tcp-port ${port} attach -r 127.0.0.1 -b 1-2` },
    })
    expect((await listDevices(port)).map((one) => one.busId)).toEqual(['1-1', '1-2'])
    const client = await importDevice(port, '1-2')
    expect(client).toBeInstanceOf(UsbipClient)
    sim.say({ do: 'usb-stall', endpoint: 'hid-in', wand: 1 })
    await eventually(sim.json, (said) => said.length === 3, 5000)
    expect(sim.json()[2]).toEqual({
      ok: true,
      message: 'USB hid-in: halted until the host clears it.',
    })
    sim.child.kill('SIGTERM')
    expect(await sim.exit).toBe(0)
    await (client as UsbipClient).ended
  })

  it('ends as a wrong command line on a bad address and on a port that is taken', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as { port: number }
    for (const [address, why] of [
      ['here', '--usbip here: give HOST:PORT, such as 127.0.0.1:3240.'],
      ['127.0.0.1:70000', 'give HOST:PORT'],
      [`127.0.0.1:${port}`, `Cannot listen on 127.0.0.1:${port}`],
    ] as const) {
      const sim = start(['sim', '--no-attach', '--usbip', address])
      expect(await sim.exit).toBe(2)
      expect(sim.err()).toContain(why)
    }
    other.close()
  })
})

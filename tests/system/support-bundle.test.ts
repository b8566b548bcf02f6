// The support bundle as people make it, of a bridge with a token, patients, a destination and a capture.
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { unzipSync } from 'fflate'
import { afterAll, expect, it } from 'vitest'
import { ask } from '../../src/control/client.ts'
import { bytesOf, partsOf, trafficOf } from '../capture/files.ts'
import { found } from '../support/marked.ts'
import { endAll, MAIN, run, serve, sim, start, temporary, token } from './programs.ts'

afterAll(endAll)

it('says what is in it, writes it when somebody says yes, and names nobody', {
  timeout: 120_000,
}, async () => {
  const marked = ['K7Q4X2M0P9R8T6', 'M3N8H1W6Q5Z0S4', 'T9G2V7R4L1Y6X3']
  const [person = '', host = '', dir = ''] = marked
  const wand = await sim('tcp', '--scenario', 'mixture')
  const state = join(temporary(), dir)
  const table = join(temporary(), `${person}.csv`)
  writeFileSync(table, `serial,model,identifier,name\nSIM-0001,,${person},Mary ${person}\n`)
  const config = join(temporary(), 'config.yaml')
  writeFileSync(
    config,
    `capture: { on: true }
patients: { file: ${table}, names: true, system: 'urn:x:${person}' }
refill: { clinic: The ${person} clinic, phone: ${person} }
hl7: { destinations: [{ name: emr, host: ${host}.example, port: 2575, insecure: true }] }
`,
  )
  await serve([wand.port], {
    ...{ state, listen: 'none', more: ['--config', config] },
  })
  const secret = await token(state)
  // Until the pump is read, and its session closed.
  for (let left = 200; left > 0; left -= 1) {
    const [wand] = (await ask(state, 'status', {}))?.wands ?? []
    if (wand?.session.state === 'closed') break
    await setTimeout(150)
  }
  const flags = ['--state-dir', state, '--source', 'simulator', '--config', config]
  const file = join(temporary(), 'bundle.zip')
  const asked = ['support-bundle', ...flags, '--serial', wand.port, '--out', file]

  // Nobody to ask: nothing is written.
  const mute = start(asked)
  mute.child.stdin?.end()
  expect([await mute.exit, mute.err()]).toEqual([2, expect.stringContaining('say --yes')])
  expect(() => statSync(file)).toThrow()

  const typed = (answer: string) =>
    run('sh', [
      '-c',
      `printf '%s\\n' ${answer} | script -qfec '${process.execPath} ${MAIN} ${asked.join(' ')}' /dev/null`,
    ])
  const no = typed('no')
  expect([await no.exit, no.out()]).toEqual([0, expect.stringContaining('Nothing is written.')])
  expect(() => statSync(file)).toThrow()

  const yes = typed('yes')
  expect(await yes.exit, yes.out()).toBe(0)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const files = unzipSync(readFileSync(file))
  const names = Object.keys(files)
  expect(names.slice(0, 7)).toEqual([
    ...['README.txt', 'versions.json', 'doctor.txt', 'devices.json', 'configuration.json'],
    ...['status.json', 'counters.txt'],
  ])
  for (const name of names) expect(yes.out()).toContain(name)

  const all = Object.values(files)
  expect(found(all, [...marked, secret.slice(-14), 'Hydromorphone', 'Bupivacaine'])).toEqual([])
  // Too short for that search.
  for (const text of all.map((bytes) => Buffer.from(bytes).toString()))
    expect(text).not.toMatch(/SIMW?-0|Mary|wandbridge-system/)
  const [capture] = names.filter((name) => name.startsWith('captures/'))
  const traffic = trafficOf(await partsOf(files[String(capture)] ?? new Uint8Array()))
  const lines = Buffer.from(bytesOf(traffic)).toString('latin1').split('\r\n').slice(0, -1)
  expect(lines.length).toBeGreaterThan(40)
  for (const line of lines) expect(line).toMatch(/^:(?:[0-9A-F]{2})+$/)
  const status = JSON.parse(Buffer.from(files['status.json'] ?? []).toString())
  const serial = status.pumps[0].serial
  expect(serial).toMatch(/^X-[A-Z2-9]{8}$/)
  // The same pump by the same name, where it says so itself.
  expect(
    lines.some((line) => line.includes(Buffer.from(serial).toString('hex').toUpperCase())),
  ).toBe(true)
  expect(Buffer.from(files['counters.txt'] ?? []).toString()).toMatch(
    /^link_frames_total\{port="0"\} \d/m,
  )

  const shown = start(['support-bundle', ...flags, '--show', 'versions.json'])
  expect(await shown.exit).toBe(0)
  expect(JSON.parse(shown.out())).toMatchObject({ node: process.versions.node })
})

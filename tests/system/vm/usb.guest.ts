// The wand on a real kernel's USB, by self attach.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { note } from './host.ts'
import { hello, Line, plugged, serialIn, withSimulator } from './wand.ts'

test('a simulator with the right to plugs itself in', () =>
  withSimulator({ ports: [{ kind: 'usbip', port: 0 }] }, async (simulator) => {
    note(JSON.stringify(simulator.describe()))
    const began = performance.now()
    const wand = await plugged()
    note(`${JSON.stringify(wand)} after ${Math.round(performance.now() - began)} ms`)
    const line = await Line.open(wand.tty)
    line.send(hello())
    assert.equal(serialIn(await line.answer()), 'SIMW-0001')
    await line.close()
  }))

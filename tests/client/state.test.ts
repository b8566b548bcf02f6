// What a client makes of the stream, without one.
import { expect, it } from 'vitest'
import { fromSnapshot, heardAt, onStatus, view } from '../../src/client/stream-state.ts'
import { sample } from '../http/world.ts'

it('names no log beside a pump but one of its own source, and nothing live beside any that failed', async () => {
  const { status, pump } = await sample()
  const now = { mono: 0, wall: 0 }
  const { asOf, audit } = status
  const [wands, pumps] = [[...status.wands], [...status.pumps]]
  const state = fromSnapshot({ asOf, wands, pumps, audit, log: null, position: null }, now)
  const other = { ...audit, log: 'device-1-0000000a', position: 7, checkpoint: null }
  const told = (how: typeof other) =>
    view(heardAt(state, asOf, how, now), now, true).pumps.find(
      (one) => one.pump.id === pump.pump.id,
    )
  expect(pump.source).toBe('simulator')
  expect(told({ ...other, log: 'simulator-1-0000000a' })?.audit.position).toBe(7)
  expect(told(other)?.audit).toMatchObject({ log: null, position: null })
  expect(told({ ...other, state: 'failed' })).toMatchObject({
    quality: 'stale',
    audit: { state: 'failed' },
  })
})

it('takes no pump for live that the bridge does not name any more', async () => {
  const { status } = await sample()
  const now = { mono: 0, wall: 0 }
  const { asOf, audit } = status
  const [wands, pumps] = [[...status.wands], [...status.pumps]]
  const state = fromSnapshot({ asOf, wands, pumps, audit, log: null, position: null }, now)
  expect(view(state, now, true).pumps[0]?.quality).toBe('current')
  const another = onStatus(state, { asOf, wands: [], pumps: [], audit }, now)
  expect(view(another, now, true).pumps[0]).toMatchObject({ quality: 'stale', reason: 'recorded' })
})

// What is counted of requests: every one of them, streams too, with the time that it took.
import { expect, it } from 'vitest'
import { eventually, starter, type World } from './world.ts'

const start = starter()

async function value(w: World, name: string, labels: string): Promise<number> {
  const text = await (await w.get('/metrics')).text()
  const line = text.split('\n').find((one) => one.startsWith(`wandbridge_${name}{${labels}}`))
  return Number(line?.split(' ').at(-1) ?? Number.NaN)
}

it('has the seconds that requests took, also of replies that are made once for many', async () => {
  const w = await start()
  const wait = async () => {
    await new Promise((resolve) => setTimeout(resolve, 100))
    return true
  }
  w.state.recorded = wait
  for (const [path, route] of [
    ['/api/v1/pumps', '/api/v1/pumps'],
    [`/api/v1/pumps/${w.pump.pump.id}/readings`, '/api/v1/pumps/{id}/readings'],
  ] as const) {
    for (let n = 1; n <= 3; n += 1) {
      await w.get(path)
      expect(await value(w, 'http_request_seconds_total', `route="${route}"`)).toBeGreaterThan(
        n * 0.09,
      )
      expect(await value(w, 'http_requests_total', `route="${route}",status="200"`)).toBe(n)
    }
  }
})

it('counts streams of events, and those that are refused', async () => {
  const w = await start({ limits: { streams: 2 } })
  const controller = new AbortController()
  const open = () =>
    fetch(`${w.url}/api/v1/events`, {
      headers: { authorization: `Bearer ${w.token}` },
      signal: controller.signal,
    })
  await Promise.all([open(), open()])
  const refused = await open()
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '5'])
  const count = (status: number) =>
    value(w, 'http_requests_total', `route="/api/v1/events",status="${status}"`)
  expect([await count(200), await count(429)]).toEqual([2, 1])
  const seconds = await value(w, 'http_request_seconds_total', 'route="/api/v1/events"')
  expect(seconds).toBeGreaterThan(0)
  controller.abort()
  await eventually(() => w.records.all.length === 0)
})

// A peer that sends without end: what it sends is read no faster than a wand may send, and costs nobody
// else their time.

import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import { tcpSource } from '../../src/transport/tcp.ts'

it('a TCP device server that floods is held back in its own socket', async () => {
  const line = Buffer.from('y\n'.repeat(32_768))
  const server = createServer((socket) => {
    const more = () => {
      while (socket.write(line));
    }
    socket.on('drain', more).on('error', () => {})
    more()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const wand = tcpSource(`tcp://127.0.0.1:${port}`).create()
  let got = 0
  const began = performance.now()
  await wand.open({
    data: (bytes) => {
      got += bytes.length
    },
    ended() {},
  })
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  // What may come at once and in that time, and the one piece that went over it.
  const most = 72_000 + ((performance.now() - began) / 1_000) * 36_000 + 65_536
  expect(got).toBeGreaterThan(0)
  expect(got).toBeLessThanOrEqual(most)
  await wand.close()
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
  })
}, 20_000)

// The least that does what a bridge does between a tty and whoever follows it: lines of each port are split, written
// behind one file, made durable, and sent on as events. It judges nothing, signs nothing, asks nobody for a token.
// A process of its own: `plain-bridge.js FILE TTY...`; it says the address of its events.
import { fdatasync, openSync, write } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ReadlineParser } from '@serialport/parser-readline'
import { SerialPort } from 'serialport'

export function plainBridge(file: string, paths: readonly string[]): void {
  const fd = openSync(file, 'a')
  const clients = new Set<ServerResponse>()
  const said = (line: string) =>
    write(fd, `${line}\n`, () =>
      fdatasync(fd, () => {
        for (const client of clients) client.write(`data: ${line}\n\n`)
      }),
    )
  for (const path of paths) {
    const port = new SerialPort({ path, baudRate: 115_200 })
    port.pipe(new ReadlineParser()).on('data', said)
  }
  const server = createServer((_request, reply) => {
    reply.writeHead(200, { 'content-type': 'text/event-stream' })
    reply.write(': here\n\n')
    clients.add(reply)
    reply.once('close', () => clients.delete(reply))
  })
  server.listen(0, '127.0.0.1', () =>
    process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }),
  )
}

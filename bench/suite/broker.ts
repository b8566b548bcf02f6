// A broker of this computer for a bench: nats-server with a store of its own, ended by its own id.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { type Env, sleep } from '../../src/base/env.ts'

export interface LocalBroker {
  readonly child: ChildProcess
  readonly url: string
  stop(): Promise<void>
}

export async function startBroker(env: Env, store: string): Promise<LocalBroker> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  const child = spawn('nats-server', ['-a', '127.0.0.1', '-p', `${port}`, '-js', '-sd', store], {
    stdio: 'ignore',
  })
  await sleep(env, 1_500)
  return {
    child,
    url: `nats://127.0.0.1:${port}`,
    async stop() {
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    },
  }
}

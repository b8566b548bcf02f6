// A bridge with its control socket: what `serve` and `demo` run, and what other commands talk to.
import { Bridge, type BridgeOptions } from './bridge.ts'
import type { ControlRequest } from './control/messages.ts'
import type { ControlClient } from './control/server.ts'
import { ControlServer } from './control/server.ts'
import type { Env } from './env.ts'
import { interrogateOnce } from './interrogate.ts'
import { watchLines } from './watch.ts'

export interface Host {
  readonly bridge: Bridge
  /** Closes every session (confirmed if the implant answers), every port and the control socket. */
  stop(): Promise<void>
}

/**
 * Takes `stateDir`, then makes the bridge and starts it; rejects with AlreadyRunning when another
 * one has the directory, before anything else is touched.
 */
export async function startHost(
  env: Env,
  stateDir: string,
  make: () => Promise<BridgeOptions>,
): Promise<Host> {
  let bridge: Bridge | null = null
  const control = await ControlServer.listen(env, stateDir, {
    handle(request, client) {
      if (bridge) handle(env, bridge, request, client)
      else client.send({ error: 'The bridge is starting. Ask again.' })
    },
  })
  try {
    bridge = new Bridge(await make())
  } catch (error) {
    await control.close()
    throw error
  }
  bridge.start()
  return hostOf(bridge, control)
}

function hostOf(bridge: Bridge, control: ControlServer): Host {
  return {
    bridge,
    async stop() {
      await bridge.stop()
      await control.close()
    },
  }
}

function handle(env: Env, bridge: Bridge, request: ControlRequest, client: ControlClient): void {
  switch (request.do) {
    case 'status':
      client.send(bridge.status())
      return
    case 'watch': {
      const subscription = watchLines(bridge).subscribe((line) => client.send(line))
      client.onLeave(() => subscription.unsubscribe())
      return
    }
    case 'interrogate': {
      const ports = request.port === undefined ? bridge.ports : [request.port]
      for (const port of ports) {
        if (!bridge.ports.includes(port)) {
          client.send({ outcome: { kind: 'no-wand', why: `This bridge has no port ${port}.` } })
          continue
        }
        void interrogateOnce(env, bridge, port, request.readMs).then((outcome) =>
          client.send({ outcome }),
        )
      }
      return
    }
  }
}

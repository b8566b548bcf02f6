// A process that writes records as fast as the disk takes them and tells each position once it is
// durable. It is killed from outside.
import { writeSync } from 'node:fs'
import { openKeys } from '../../src/audit/log/keys.ts'
import { AuditLog } from '../../src/audit/log/log.ts'
import { nodeDisk } from '../../src/base/disk.ts'
import { systemEnv } from '../../src/base/env.ts'

const [state = ''] = process.argv.slice(2)
const env = systemEnv()
const { keys } = await openKeys(env, nodeDisk, `${state}/keys`)
const log = await AuditLog.open({
  env,
  disk: nodeDisk,
  dir: `${state}/audit`,
  source: 'simulator',
  keys: async () => keys,
  boot: `child-${process.pid}`,
  limits: { segmentBytes: 200_000 },
})
// The first line says how the log was found; what follows are the observed records.
writeSync(
  1,
  `${JSON.stringify({ state: log.state.state, log: log.state.log, code: log.state.errno, key: log.state.key })}\n`,
)
async function writer(id: number): Promise<void> {
  for (let n = 0; ; n += 1) {
    const detail = `${process.pid} ${id} ${n}`
    const receipt = await log.append({
      kind: 'link',
      port: '/dev/ttyACM0',
      body: {
        phase: 'ready',
        cause: 'load',
        why: { code: 'why.port', args: { text: detail } },
        connected: true,
      },
    })
    if (receipt) writeSync(1, `${receipt.position} ${detail}\n`)
  }
}
for (let id = 0; id < 8; id += 1) void writer(id)

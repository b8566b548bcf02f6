// A bridge without wands that sends what its log holds. It is killed from outside. Its arguments: the
// state directory, a port of this computer, and the place of the last message.

import { systemEnv } from '../../src/base/env.ts'
import { RecordFeed } from '../../src/feed/feed.ts'
import { destinationSchema } from '../../src/hl7/config.ts'
import { startHl7 } from '../../src/host/hl7-host.ts'
import { Auditor } from '../../src/recorder/auditor.ts'

const [stateDir = '', port = ''] = process.argv.slice(2)
const env = systemEnv()
const auditor = new Auditor({ env, stateDir, settings: {}, boot: `child-${process.pid}` })
const destination = destinationSchema.parse({
  name: 'torture',
  host: '127.0.0.1',
  port: Number(port),
  sources: ['simulator'],
  ackSeconds: 1,
  attempts: 3,
})
const records = new RecordFeed(env, auditor)
const quick = { backoffMs: 5, longestMs: 50, ackMs: 150 }
const hl7 = startHl7(env, stateDir, { auditor, records }, [destination], console.error, quick)
await auditor.openAll()
setInterval(() => console.log(JSON.stringify({ ...hl7.status()[0], idle: hl7.idle })), 50)

// A bridge without wands that sends what its log holds. It is killed from outside. Its arguments: the
// state directory, a port of this computer, and the place of the last message.

import { systemEnv } from '../../src/base/env.ts'
import { Feed } from '../../src/feed/feed.ts'
import { destinationSchema } from '../../src/hl7/config.ts'
import { addressees, startDelivery } from '../../src/host/delivery-host.ts'
import { Auditor } from '../../src/recorder/auditor.ts'
import { WORDS } from '../../src/words/words.ts'

const [stateDir = '', port = ''] = process.argv.slice(2)
const env = systemEnv()
const boot = `child-${process.pid}`
const source = 'simulator'
const auditor = new Auditor({ env, stateDir, source, settings: {}, boot })
const destination = destinationSchema.parse({
  name: 'torture',
  host: '127.0.0.1',
  port: Number(port),
  testMessages: true,
  ackSeconds: 1,
  attempts: 3,
  patienceMinutes: 0,
})
const { disk, dir, commits$: wake$ } = auditor
const feed = new Feed({ env, disk, dir, source, head: () => auditor.head, wake$ })
const quick = { backoffMs: 5, longestMs: 50, ackMs: 150 }
const all = addressees({ hl7: [destination], fhir: [], webhooks: [] }, WORDS['en-US'])
const hl7 = startDelivery(env, stateDir, { auditor, feed }, all, console.error, quick)
setInterval(() => console.log(JSON.stringify({ ...hl7.status()[0], idle: hl7.idle })), 50)

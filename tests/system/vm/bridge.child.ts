// A bridge on one HID interface, in a process of its own that others can stop. Argument: the path.
// Prints the lines of `watch`, and when it is told to end, what its link has counted.
import { once } from 'node:events'
import { watchLines } from '../../../src/bridge/watch.ts'
import { hidSource } from '../../../src/transport/hid.ts'
import { withBridge } from './bridge.ts'

const source = hidSource(process.argv[2] ?? '')
await withBridge({ ports: [source], policy: 'continuous' }, async (bridge) => {
  const lines = watchLines(bridge).subscribe((line) => console.log(JSON.stringify(line)))
  await once(process, 'SIGTERM')
  lines.unsubscribe()
  console.log(JSON.stringify({ kind: 'counters', ...bridge.counters()[source.path] }))
})

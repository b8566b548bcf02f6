// `npm start`: sets the clone up where needed and becomes `wandbridge demo`, in this very process, so
// that a Ctrl-C reaches it directly and its exit code is ours. Arguments after `--` are the demo's.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { holdBuild, orSay, root, setUp } from './setup.mjs'

const PARENT_MS = 250

await orSay(async () => {
  await setUp()
  holdBuild()
})
if (process.env.npm_lifecycle_event === 'start') endWithParent()
const main = join(root, 'dist', 'bin', 'wandbridge.js')
process.argv = [process.execPath, main, 'demo', ...process.argv.slice(2)]
await import(pathToFileURL(main).href)

/** A signal to npm alone ends npm and its shell, but reaches nobody else: it must end us in order. */
function endWithParent() {
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    process.kill(process.pid, 'SIGTERM')
  }, PARENT_MS)
  watch.unref()
}

// `npm start`: sets the clone up where needed and becomes `wandbridge demo`, in this very process, so
// that a Ctrl-C reaches it directly and its exit code is ours. Arguments after `--` are the demo's.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { holdBuild, orSay, root, setUp } from './setup.mjs'

await orSay(async () => {
  await setUp()
  holdBuild()
})
const main = join(root, 'dist', 'src', 'cli', 'main.js')
process.argv = [process.execPath, main, 'demo', ...process.argv.slice(2)]
await import(pathToFileURL(main).href)

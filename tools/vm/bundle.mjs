// What runs in the virtual machine, and the runner outside. In there a file costs milliseconds.
import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pack } from '../bundle.mjs'

const TESTS = 'tests/system/vm'
const names = readdirSync(resolve(import.meta.dirname, '../..', TESTS))
  .filter((file) => /^(main|reporter)\.ts$|\.(child|guest)\.ts$/.test(file))
  .map((file) => file.slice(0, -3))

await pack('.cache/vm/js', {
  run: 'tools/vm/run.ts',
  ...Object.fromEntries(names.map((name) => [name, join(TESTS, `${name}.ts`)])),
})

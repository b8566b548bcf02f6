// A program of a test in one piece of JavaScript, for a process of its own that is killed: Node 20 reads no types.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** `entry`: below the root, such as `tests/audit/writer.child.ts`. Gives the file that Node runs. */
export function packed(name: string, entry: string): string {
  const code = `.cache/${name}`
  const packing = `const { pack } = await import('./tools/bundle.mjs')
    await pack('${code}', { ${name}: '${entry}' })`
  execFileSync(process.execPath, ['--input-type=module', '--eval', packing], { cwd: ROOT })
  return join(ROOT, code, `${name}.js`)
}

// How the tools that write generated files are called, and how they keep one.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** What the command line tools here have in common: write, or with --check only say what is stale. */
export async function run(
  module: string,
  what: (root: string, check: boolean) => string[] | Promise<string[]>,
): Promise<void> {
  if (module !== pathToFileURL(process.argv[1] ?? '').href) return
  const check = process.argv.includes('--check')
  const stale = await what(process.cwd(), check)
  for (const file of stale) console.log(check ? `out of date: ${file}` : `written: ${file}`)
  if (check && stale.length > 0) {
    console.log('The declarations have changed. Run `npm run generate` and commit what it writes.')
    process.exitCode = 1
  }
}

/** A file that is made whole: written where it is another, or with `check` only said to be stale. */
export function kept(root: string, file: string, made: string, check: boolean): string[] {
  const path = join(root, file)
  if (existsSync(path) && readFileSync(path, 'utf8') === made) return []
  if (!check) writeFileSync(path, made)
  return [file]
}

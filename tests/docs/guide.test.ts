// docs/bring-your-own-wand.md, followed to the letter: its files are written where a folder below .cache stands for
// the project, nothing but the way to the project's own files is changed in them, and the test that they bring is
// run here. They also stand the compiler's questions.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import ts from 'typescript'
import { expect, it } from 'vitest'

const ROOT = new URL('../..', import.meta.url).pathname
const PLACE = join(ROOT, '.cache', 'guide')
const guide = readFileSync(join(ROOT, 'docs/bring-your-own-wand.md'), 'utf8')
const files = [...guide.matchAll(/```ts\n\/\/ file: (\S+)\n([\s\S]*?)```/g)].map(
  ([, path = '', text = '']) => ({
    path,
    text,
  }),
)
const OWN = new Set(files.map(({ path }) => path))

rmSync(PLACE, { recursive: true, force: true })
for (const { path, text } of files) {
  const at = dirname(join(PLACE, path))
  // What the guide does not bring is the project's.
  const made = text.replace(/(from ')(\.[^']*)(')/g, (_, before, target: string, after) => {
    const meant = join(dirname(path), target)
    return before + (OWN.has(meant) ? target : relative(at, join(ROOT, meant))) + after
  })
  mkdirSync(at, { recursive: true })
  writeFileSync(join(PLACE, path), made)
}

// Its own tests become tests of this file.
await import(join(PLACE, 'tests/drivers/drip.test.ts'))

it('brings a decoder, a driver, its test, and a program that uses it', () => {
  expect([...OWN]).toEqual([
    'src/drivers/drip/decoder.ts',
    'src/drivers/drip/driver.ts',
    'tests/drivers/drip.test.ts',
    'my-bridge.ts',
  ])
})

it('shows answers that its own checksum accepts', async () => {
  const { wordsOf } = await import(join(PLACE, 'src/drivers/drip/decoder.ts'))
  const shown = [...guide.matchAll(/(?:→ +|\. {2})((?:DRIP|READ) [^*]*\*\d\d)/g)].map(
    ([, line]) => line,
  )
  expect(shown).toHaveLength(3)
  for (const line of shown) expect(wordsOf(line), line).not.toBeNull()
})

it('compiles as it stands', { timeout: 120_000 }, () => {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT)
  const roots = files.map(({ path }) => join(PLACE, path))
  const program = ts.createProgram(roots, { ...options, noEmit: true })
  const said = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    return `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
  })
  expect(said).toEqual([])
})

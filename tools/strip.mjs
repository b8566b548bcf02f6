// Sources to JavaScript, file by file: their types are stripped, not checked (`npm run check:types` does), which takes
// a second where the compiler takes ten. Each file has its map beside it.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { transformWithOxc } from 'vite'
import { root, sourcesToStrip } from './setup.mjs'

const OPTIONS = {
  lang: 'ts',
  target: 'es2022',
  sourcemap: true,
  // As the compiler's `verbatimModuleSyntax` and `rewriteRelativeImportExtensions` have it.
  typescript: { onlyRemoveTypeImports: true, rewriteImportExtensions: 'rewrite' },
}

for (const source of sourcesToStrip()) {
  const made = join('dist', source.replace(/\.ts$/, '.js'))
  const path = join(root, source)
  const { code, map } = await transformWithOxc(readFileSync(path, 'utf8'), path, OPTIONS)
  const name = `${made.split('/').at(-1)}.map`
  mkdirSync(join(root, dirname(made)), { recursive: true })
  writeFileSync(join(root, made), `${code}\n//# sourceMappingURL=${name}\n`)
  writeFileSync(join(root, `${made}.map`), JSON.stringify(map))
}

// The device tests and the host for the virtual machine: few files, because reading one costs the guest
// milliseconds and the libraries are hundreds. What has code of the machine's own, and what is loaded
// only when needed, stays in node_modules.
import { readdirSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { defineConfig } from 'vite'

const root = resolve(import.meta.dirname, '../..')
const out = resolve(root, '.cache/vm/js')
const TESTS = 'tests/system/vm'

const programs = [
  'tools/vm/run.ts',
  'src/cli/main.ts',
  ...readdirSync(join(root, TESTS))
    .filter((name) => /^(main|reporter)\.ts$|\.(child|guest)\.ts$/.test(name))
    .map((name) => `${TESTS}/${name}`),
]

/** Each module finds what lies beside it as if it had been compiled by itself. */
const places = {
  name: 'places',
  transform(code, id) {
    if (!id.endsWith('.ts') || !code.includes('import.meta.')) return null
    const file = join(out, relative(root, id).replace(/\.ts$/, '.js'))
    return code
      .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(file).href))
      .replaceAll('import.meta.dirname', JSON.stringify(dirname(file)))
  },
}

export default defineConfig({
  root,
  publicDir: false,
  logLevel: 'warn',
  cacheDir: join(root, '.cache/vite'),
  plugins: [places],
  ssr: { noExternal: ['commander', 'rxjs', 'yaml', 'zod'] },
  build: {
    ssr: true,
    outDir: out,
    emptyOutDir: true,
    target: 'node20',
    minify: false,
    reportCompressedSize: false,
    rolldownOptions: {
      input: Object.fromEntries(
        programs.map((file) => [file.replace(/\.ts$/, ''), join(root, file)]),
      ),
      output: { entryFileNames: '[name].js', chunkFileNames: 'parts/[name].js' },
    },
  },
})

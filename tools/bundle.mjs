// Sources to JavaScript, by esbuild: the library file by file, the programs packed, and the page. Types are stripped,
// not checked (`npm run check:types` does), which takes a second where the compiler takes ten.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { root, sourcesToStrip } from './setup.mjs'

/**
 * A command opened 550 files, most of them of four libraries, and started in twice the time. Who builds on zod goes
 * with it, or there would be two of it.
 */
export const PACKED = [
  ...['commander', 'rxjs', 'yaml'],
  ...['zod', 'fastify-type-provider-zod', '@fastify/error'],
]
/** What has machine code of its own, or is wanted seldom, stays in node_modules. */
const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const NOT_PACKED = Object.keys(dependencies).filter((name) => !PACKED.includes(name))

const COMMON = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  logLevel: 'warning',
}

/** Each source by itself, with its map beside it, for whoever imports the library. */
const library = () =>
  build({
    ...COMMON,
    ...{ entryPoints: sourcesToStrip(), outbase: '.', outdir: 'dist', sourcemap: true },
    ...{ packages: 'external', platform: 'node', treeShaking: false },
    plugins: [
      {
        name: 'relative imports name what is made of the source',
        setup: ({ onResolve }) =>
          onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ kind, path }) =>
            kind === 'entry-point' ? null : { path: path.replace(/\.ts$/, '.js'), external: true },
          ),
      },
    ],
  })

/** Programs in few files: `sources` by the name of what is made of them in `outdir`. */
export function pack(outdir, sources) {
  rmSync(join(root, outdir), { recursive: true, force: true })
  return build({
    ...COMMON,
    ...{ entryPoints: sources, outdir, splitting: true, target: 'node20' },
    ...{ platform: 'neutral', mainFields: ['module', 'main'], conditions: ['es2015'] },
    ...{ external: ['node:*', ...NOT_PACKED], chunkNames: '[name]-[hash]', legalComments: 'none' },
    // A library in the old format asks for Node's modules by `require`.
    banner: { js: 'const require = process.getBuiltinModule' },
  })
}

/**
 * The page as static files: one script, one style sheet, one icon, each named by its content; nothing inline (but what
 * the page's Content-Security-Policy lets through), nothing from elsewhere.
 */
async function page() {
  const outdir = join(root, 'dist', 'web')
  rmSync(outdir, { recursive: true, force: true })
  const { metafile } = await build({
    ...COMMON,
    ...{ entryPoints: { index: 'web/main.tsx', icon: 'web/icon.svg' }, minify: true },
    ...{ outdir: 'dist/web/assets', entryNames: '[name]-[hash]', loader: { '.svg': 'copy' } },
    ...{ metafile: true, legalComments: 'none' },
  })
  const made = Object.keys(metafile.outputs).map((path) => basename(path))
  const asset = (pattern) => `/assets/${made.find((name) => pattern.test(name))}`
  const html = readFileSync(join(root, 'web', 'index.html'), 'utf8')
    .replace('./icon.svg', asset(/^icon-.*\.svg$/))
    .replace('./main.tsx', asset(/^index-.*\.js$/))
    .replace('</head>', `  <link rel="stylesheet" href="${asset(/^index-.*\.css$/)}" />\n  </head>`)
  mkdirSync(outdir, { recursive: true })
  writeFileSync(join(outdir, 'index.html'), html)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const programs = { wandbridge: 'src/cli/main.ts', 'wand-conform': 'conformance/main.ts' }
  await Promise.all([library(), pack('dist/bin', programs), page()])
}

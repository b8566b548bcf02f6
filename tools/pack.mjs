// Programs packed into few files: a command opened 550, most of them of four libraries, and started in
// twice the time. What has machine code of its own, or is wanted seldom, stays in node_modules.
import { join, resolve } from 'node:path'
import { defineConfig } from 'vite'

const root = resolve(import.meta.dirname, '..')

// Who builds on zod goes with it, or there would be two of it.
export const PACKED = [
  ...['commander', 'rxjs', 'yaml'],
  ...['zod', 'fastify-type-provider-zod', '@fastify/error'],
]

/** A configuration of vite: `programs` are sources by the name of what is made of them in `out`. */
export function packed(out, programs) {
  return defineConfig({
    root,
    publicDir: false,
    logLevel: 'warn',
    cacheDir: join(root, '.cache', 'vite'),
    ssr: { noExternal: PACKED },
    build: {
      ssr: true,
      outDir: join(root, out),
      emptyOutDir: true,
      target: 'node20',
      minify: false,
      reportCompressedSize: false,
      rolldownOptions: {
        input: Object.fromEntries(
          Object.entries(programs).map(([name, source]) => [name, join(root, source)]),
        ),
        output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
      },
    },
  })
}

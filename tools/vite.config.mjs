// The page as static files: one script, one style sheet, one icon, each named by its content; nothing
// inline (but what the page's Content-Security-Policy lets through), nothing from elsewhere.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

export default defineConfig({
  root: fileURLToPath(new URL('../web', import.meta.url)),
  base: '/',
  publicDir: false,
  logLevel: 'warn',
  cacheDir: fileURLToPath(new URL('../.cache/vite', import.meta.url)),
  build: {
    outDir: fileURLToPath(new URL('../dist/web', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: false,
  },
})

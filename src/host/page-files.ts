// The built files of the page, read once: a fixed table from address to bytes, so that no address can
// reach any other file. The page learns language and zone of the clinic here, never from the browser.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PageFile } from '../http/page.ts'
import type { Locale } from '../model/format.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** dist/web, seen from the sources, the packed program, and the built library. */
const PLACES = import.meta.url.endsWith('.ts') ? ['../../dist/web/'] : ['../web/', '../../web/']
const BUILT =
  PLACES.map((place) => fileURLToPath(new URL(place, import.meta.url))).find(existsSync) ?? ''

export interface PageSettings {
  readonly locale: Locale
  /** Time zone of the clinic. */
  readonly zone: string
}

/** Every file by its address; empty when the page was not built. */
export function pageFiles(settings: PageSettings, dir = BUILT): PageFile[] {
  if (!existsSync(join(dir, 'index.html'))) return []
  const { locale, zone } = settings
  const index = readFileSync(join(dir, 'index.html'), 'utf8').replace(
    '<html lang="en-US" data-zone="UTC">',
    `<html lang="${locale}" data-zone="${zone}">`,
  )
  const html = TYPES['.html'] as string
  const assets = readdirSync(join(dir, 'assets')).flatMap((name): PageFile[] => {
    const type = TYPES[extname(name)]
    const body = readFileSync(join(dir, 'assets', name))
    return type === undefined ? [] : [{ path: `/assets/${name}`, type, body, lasting: true }]
  })
  return [{ path: '/', type: html, body: Buffer.from(index), lasting: false }, ...assets]
}

// The reference of the API as a page: whole, and made of itself alone.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { pageOf } from '../../tools/api-reference.ts'
import type { OpenApi } from '../../tools/openapi-document.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const document = JSON.parse(read('src/http/openapi.json')) as OpenApi
const page = read('docs/api.html')

describe('the reference of the API', () => {
  it('is the one of the document', () => {
    expect(page).toBe(pageOf(document))
  })

  it('names every address, parameter, answer and schema', () => {
    const missing = Object.entries(document.paths).flatMap(([path, { get }]) => {
      const section =
        page.split(`<section id="${get.operationId}">`)[1]?.split('</section>')[0] ?? ''
      const names = [path, ...(get.parameters ?? []).map(({ name }) => name)]
      return [...names, ...Object.keys(get.responses)].filter((one) => !section.includes(one))
    })
    expect(missing).toEqual([])
    for (const name of Object.keys(document.components.schemas)) {
      expect(page).toContain(`<section id="${name}">`)
    }
  })

  it('asks nobody for anything, and every link leads to something on it', () => {
    expect(page).toContain("content=\"default-src 'none'; style-src 'unsafe-inline'\"")
    expect(page).not.toMatch(/<(script|link|img|iframe|object|embed|form|video|audio|base)\b/i)
    expect(page).not.toMatch(/\b(src|srcset|action|on[a-z]+)=|url\(|@import/i)
    const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id))
    const links = [...page.matchAll(/ href="([^"]*)"/g)].map(([, href = '']) => href)
    expect(links.filter((one) => !one.startsWith('#') || !ids.has(one.slice(1)))).toEqual([])
    expect(links.length).toBeGreaterThan(100)
    expect(ids.size).toBe([...page.matchAll(/ id="/g)].length)
  })
})

// The gate counts honestly: nothing that failed, broke, was skipped or never ran looks like a pass.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const dir = mkdtempSync(join(tmpdir(), 'wandbridge-gate-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

function file(name: string, content: unknown): string {
  const path = join(dir, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

const report = (passed: number, failed: number, skipped = 0) => ({
  passed,
  failed,
  skipped: Array.from({ length: skipped }, (_, i) => ({ name: `t${i}`, why: 'because' })),
})

function tally(...reports: string[]): { line: string | undefined; code: number | null } {
  const args = [join(root, '.ci', 'tally.mjs'), ...reports]
  const { stdout, status } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  return { line: stdout.trim().split('\n').pop(), code: status }
}

describe('the closing line', () => {
  const good = file('good.json', report(7, 0))

  it('adds up all runs, those of the virtual machine too', () => {
    const vm = file('vm.json', report(3, 0, 1))
    expect(tally(good, good, vm)).toEqual({ line: '17 passed, 0 failed, 1 skipped', code: 0 })
  })

  it('fails on a failure', () => {
    expect(tally(good, file('bad.json', report(5, 2)))).toEqual({
      line: '12 passed, 2 failed',
      code: 1,
    })
  })

  it('fails where a run left no report, no test, or half of one', () => {
    const half = file('half.json', '{"passed": 3, "fai')
    for (const broken of [join(dir, 'absent.json'), file('none.json', report(0, 0)), half]) {
      expect(tally(good, broken)).toEqual({ line: '7 passed, 1 failed', code: 1 })
    }
    expect(tally()).toEqual({ line: '0 passed, 0 failed', code: 1 })
  })
})

describe('npm test', () => {
  /** A run of vitest in `dir` on one test file, with the reporter that npm test uses. */
  function reported(name: string, test: string, ...args: string[]) {
    const path = join(dir, `${name}.report.json`)
    file(`${name}.test.mjs`, test)
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
    const reporter = `--reporter=${join(root, 'tools', 'report.mjs')}`
    const flags = ['run', '--root', dir, '--globals', reporter, `${name}.test.mjs`, ...args]
    const { stdout, stderr } = spawnSync(process.execPath, [vitest, ...flags], {
      encoding: 'utf8',
      env: { ...process.env, WANDBRIDGE_REPORT: path },
    })
    if (!existsSync(path)) throw new Error(`no report: ${stdout}${stderr}`)
    return JSON.parse(readFileSync(path, 'utf8')) as {
      passed: number
      failed: number
      skipped: { name: string; why: string }[]
    }
  }

  it('counts, and keeps the reason of what was skipped', () => {
    const text = `
      it('a', () => {})
      it('b', () => expect(1).toBe(2))
      it('c', ({ skip }) => skip(true, 'no such program'))
      it.skip('d', () => {})
      it.todo('e')`
    expect(reported('counts', text)).toMatchObject({
      passed: 1,
      failed: 1,
      skipped: [
        { name: 'counts.test.mjs > c', why: 'no such program' },
        { name: 'counts.test.mjs > d', why: 'no reason given' },
        { name: 'counts.test.mjs > e', why: 'no reason given' },
      ],
    })
  })

  it('takes a file that does not load, and an error outside of any test, for failures', () => {
    expect(reported('load', "throw new Error('x')")).toMatchObject({ passed: 0, failed: 1 })
    const late = "it('a', () => void Promise.reject(new Error('late')))"
    expect(reported('late', late)).toMatchObject({ passed: 1, failed: 1 })
  })

  it('takes a file that stands in two projects for a failure', () => {
    const project = (name: string) => ({
      test: { name, include: ['twice.test.mjs'], globals: true },
    })
    const config = { test: { projects: ['a', 'b'].map(project) } }
    const path = file('two.config.mjs', `export default ${JSON.stringify(config)}`)
    const twice = reported('twice', "it('a', () => {})", '--config', path)
    expect(twice).toMatchObject({ passed: 2, failed: 1 })
  })

  it('does not call a test skipped that nobody asked for', () => {
    const text = "it('a', () => {})\nit('b', () => {})"
    expect(reported('chosen', text, '-t', 'a')).toMatchObject({
      passed: 1,
      skipped: [{ why: 'not selected' }],
    })
  })
})

describe('the versions of Node', () => {
  const setup = new URL('tools/setup.mjs', `file://${root}`).href
  it.each([
    ['18.20.0', false],
    ['20.18.9', false],
    ['20.19.0', true],
    ['24.21.0', true],
    ['26.2.9', true],
    ['26.3.0', false],
    ['27.0.0', false],
  ])('%s: %s', async (version, good) => {
    const { checkNode } = (await import(setup)) as { checkNode(version: string): void }
    if (good) expect(() => checkNode(version)).not.toThrow()
    else expect(() => checkNode(version)).toThrow(`This is Node ${version}`)
  })
})

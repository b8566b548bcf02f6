// A reporter of vitest: counts what ran and keeps, for what did not, the reason, and which files took
// longest, as JSON in the file that WANDBRIDGE_REPORT names. tools/test.mjs and .ci/run read it.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** Of how many files, and of how many tests in each, it is kept how long they took. */
const [MOST_FILES, MOST_TESTS] = [30, 5]

export default class Report {
  #filtered = false

  onInit(vitest) {
    this.#filtered = vitest.config.testNamePattern !== undefined
  }

  onTestRunEnd(modules, errors) {
    const report = {
      node: process.version,
      passed: 0,
      failed: 0,
      skipped: [],
      broken: [],
      slowest: [],
      files: [],
    }
    for (const module of modules) {
      const file = module.relativeModuleId
      if (report.files.includes(file)) report.broken.push(`${file}: it stands in two projects`)
      else report.files.push(file)
      // A file that did not load has no tests that could fail.
      if (module.errors().length > 0) report.broken.push(`${file}: ${module.errors()[0].message}`)
      const { duration, collectDuration } = module.diagnostic()
      const ms = Math.round(duration + collectDuration)
      const tests = []
      for (const test of module.children.allTests()) {
        const result = test.result()
        const took = Math.round(test.diagnostic()?.duration ?? 0)
        tests.push({ name: test.fullName, ms: took })
        if (result.state === 'passed') report.passed += 1
        else if (result.state === 'failed') report.failed += 1
        else {
          const unsaid = this.#filtered ? 'not selected' : 'no reason given'
          report.skipped.push({ name: `${file} > ${test.fullName}`, why: result.note ?? unsaid })
        }
      }
      const longest = tests.toSorted((one, other) => other.ms - one.ms).slice(0, MOST_TESTS)
      report.slowest.push({ file, ms, longest })
    }
    report.slowest.sort((one, other) => other.ms - one.ms)
    report.slowest.splice(MOST_FILES)
    for (const error of errors) report.broken.push(`outside of any test: ${error.message}`)
    report.failed += report.broken.length
    const path = process.env.WANDBRIDGE_REPORT
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, JSON.stringify(report, null, 2))
  }
}

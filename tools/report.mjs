// A reporter of vitest: counts what ran and keeps, for what did not, the reason, as JSON in the file
// that WANDBRIDGE_REPORT names. tools/test.mjs and .ci/run read it.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

export default class Report {
  #filtered = false

  onInit(vitest) {
    this.#filtered = vitest.config.testNamePattern !== undefined
  }

  onTestRunEnd(modules, errors) {
    const report = { node: process.version, passed: 0, failed: 0, skipped: [], broken: [] }
    for (const module of modules) {
      const file = module.relativeModuleId
      // A file that did not load has no tests that could fail.
      if (module.errors().length > 0) report.broken.push(`${file}: ${module.errors()[0].message}`)
      for (const test of module.children.allTests()) {
        const result = test.result()
        if (result.state === 'passed') report.passed += 1
        else if (result.state === 'failed') report.failed += 1
        else {
          const unsaid = this.#filtered ? 'not selected' : 'no reason given'
          report.skipped.push({ name: `${file} > ${test.fullName}`, why: result.note ?? unsaid })
        }
      }
    }
    for (const error of errors) report.broken.push(`outside of any test: ${error.message}`)
    report.failed += report.broken.length
    const path = process.env.WANDBRIDGE_REPORT
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, JSON.stringify(report, null, 2))
  }
}

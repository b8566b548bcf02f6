// How `npm test` runs: real processes (the serial port's native part wants one each), two at a time.
// Two projects, so that programs with deadlines do not compete with the property tests' arithmetic.
import { defineConfig } from 'vitest/config'

const long = process.env['WANDBRIDGE_LONG'] === '1'
const timeout = (seconds: number) => (long ? seconds * 30 : seconds) * 1000

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    passWithNoTests: false,
    exclude: ['node_modules/**', 'dist/**', 'tests/oracles/**', 'tests/system/vm/**'],
    teardownTimeout: 10_000,
    coverage: {
      provider: 'v8',
      include: ['protocol/**/*.ts', 'simulator/**/*.ts', 'src/**/*.ts', 'tools/*.ts'],
      reporter: ['text-summary', 'html', 'json-summary'],
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'rooms',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/oracles/**', 'tests/system/**'],
          testTimeout: timeout(20),
          hookTimeout: timeout(20),
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'system',
          include: ['tests/system/**/*.test.ts'],
          exclude: ['tests/system/vm/**'],
          testTimeout: timeout(60),
          hookTimeout: timeout(60),
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})

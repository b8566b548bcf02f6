// Talks to the implementation of RFC 6962 and signed notes that we did not write.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const SOURCE = '/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog'

/** Whether it can run here; CI must have it. */
export function hasOracle(): boolean {
  return existsSync(SOURCE) && spawnSync('go', ['version']).status === 0
}

export interface Answer {
  readonly ok: boolean
  readonly why?: string
  readonly roots?: readonly string[]
  readonly proof?: readonly string[] | null
  readonly text?: string
  readonly note?: string
  readonly key?: string
}

export interface Oracle {
  ask(question: object): Promise<Answer>
  stop(): void
}

export function startOracle(): Oracle {
  const main = fileURLToPath(new URL('../oracles/tlog/main.go', import.meta.url))
  const child = spawn('go', ['run', main], {
    env: { ...process.env, GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOFLAGS: '' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const waiting: ((answer: Answer) => void)[] = []
  createInterface({ input: child.stdout }).on('line', (line) => {
    waiting.shift()?.(JSON.parse(line) as Answer)
  })
  return {
    ask: (question) =>
      new Promise((resolve) => {
        waiting.push(resolve)
        child.stdin.write(`${JSON.stringify(question)}\n`)
      }),
    stop: () => child.stdin.end(),
  }
}

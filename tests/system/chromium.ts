// A headless Chromium, spoken to over a pipe in its DevTools protocol: just enough to open a page and
// to ask it something.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'

/** The program, or null where there is none. */
export function chromium(): string | null {
  const found = ['chromium', 'chromium-browser', 'google-chrome'].find(
    (name) => spawnSync(name, ['--version']).status === 0,
  )
  return found ?? null
}

type Answer = Record<string, unknown>

export class Browser {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #id = 0
  #session = ''
  #loaded: () => void = () => {}

  private constructor(child: ChildProcess) {
    this.#child = child
    let text = ''
    const out = child.stdio[4] as Readable
    out.setEncoding('utf8').on('data', (more: string) => {
      const parts = (text + more).split('\0')
      text = parts.pop() ?? ''
      for (const part of parts) this.#hear(JSON.parse(part) as Answer)
    })
  }

  static async start(profile: string): Promise<Browser> {
    const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--remote-debugging-pipe']
    const child = spawn(
      chromium() ?? 'chromium',
      [...flags, '--disable-dev-shm-usage', '--no-first-run', `--user-data-dir=${profile}`],
      { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
    )
    const browser = new Browser(child)
    const made = await browser.#ask('Target.createTarget', { url: 'about:blank' })
    const attached = await browser.#ask('Target.attachToTarget', {
      targetId: made['targetId'],
      flatten: true,
    })
    browser.#session = String(attached['sessionId'])
    await browser.#ask('Page.enable')
    return browser
  }

  /** Resolves when the page has loaded. */
  async visit(url: string): Promise<void> {
    const loaded = new Promise<void>((resolve) => {
      this.#loaded = resolve
    })
    await this.#ask('Page.navigate', { url })
    await loaded
  }

  /** What an expression, or its promise, comes to in the page. */
  async evaluate(expression: string): Promise<unknown> {
    const answer = await this.#ask('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    })
    if (answer['exceptionDetails']) throw new Error(JSON.stringify(answer['exceptionDetails']))
    return (answer['result'] as { value?: unknown }).value
  }

  close(): void {
    this.#child.kill('SIGKILL')
  }

  #ask(method: string, params: object = {}): Promise<Answer> {
    this.#id += 1
    const id = this.#id
    const sessionId = this.#session === '' ? {} : { sessionId: this.#session }
    const text = JSON.stringify({ id, method, params, ...sessionId })
    ;(this.#child.stdio[3] as Writable).write(`${text}\0`)
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, (answer) => {
        const { error, result } = answer as { error?: { message: string }; result?: Answer }
        if (error) reject(new Error(`${method}: ${error.message}`))
        else resolve(result ?? {})
      })
    })
  }

  #hear(message: Answer): void {
    if (message['method'] === 'Page.loadEventFired') this.#loaded()
    const id = Number(message['id'])
    this.#waiting.get(id)?.(message)
    this.#waiting.delete(id)
  }
}

// `wandbridge operator add|remove|list`: who may sign a refill worksheet by name and PIN. The PIN is asked for,
// or read from the first line of a pipe: never an argument, which other users of the computer could see.
import type { Command } from 'commander'
import { systemEnv } from '../base/env.ts'
import { CommandError, Exit } from './exit.ts'
import { stateDirOf, withStateDir } from './options.ts'

interface Flags {
  readonly stateDir?: string
  readonly json?: boolean
}

export function registerOperator(program: Command): void {
  const operator = program
    .command('operator')
    .description('People who sign refill worksheets by name and PIN.')
  withStateDir(operator.command('add <name>').exitOverride())
    .description('Add somebody. The PIN (4 to 12 digits) is asked for, or read from a pipe.')
    .action(async (name: string, flags: Flags) => {
      const { wrongName } = await import('../access/operators.ts')
      const wrong = wrongName(name)
      if (wrong !== null) throw new CommandError(Exit.USAGE, `${wrong} Nobody was added.`)
      await add(name, flags)
    })
  withStateDir(operator.command('remove <name>').exitOverride())
    .description('Somebody signs no more. What they have signed stays.')
    .action(async (name: string, flags: Flags) => {
      if (!(await orSay(flags, async () => (await open(flags)).remove(name)))) {
        throw new CommandError(
          Exit.NOT_SO,
          `There is no operator of that name. Nothing was changed. \`wandbridge operator list\` shows those there are.`,
        )
      }
      await record(name, 'removed', flags)
      console.log('Removed: this name signs no more.')
    })
  withStateDir(operator.command('list').exitOverride())
    .description('Who can sign, and who could.')
    .option('--json', 'one JSON object a line')
    .action(list)
  operator.action(() => {
    throw new CommandError(Exit.USAGE, operator.helpInformation())
  })
}

async function open(flags: Flags) {
  const { OperatorStore } = await import('../access/operators.ts')
  return new OperatorStore(systemEnv(), stateDirOf(flags))
}

async function record(name: string, change: 'added' | 'removed', flags: Flags): Promise<void> {
  const { recordOperator } = await import('./audit/record-read.ts')
  await recordOperator(name, change, flags)
}

async function add(name: string, flags: Flags): Promise<void> {
  const pin = await pinOf()
  const { wrongPin } = await import('../access/operators.ts')
  const wrong = wrongPin(pin)
  if (wrong !== null) throw new CommandError(Exit.USAGE, `${wrong} Nobody was added.`)
  const added = await orSay(flags, async () => (await open(flags)).add(name, pin))
  if (!added) {
    throw new CommandError(
      Exit.NOT_SO,
      'There is an operator of that name. Nothing was changed. For another PIN remove it first.',
    )
  }
  await record(name, 'added', flags)
  console.log(`Added: ${name} signs worksheets with this PIN.`)
}

/** Typed twice without being shown, or the first line of a pipe. */
async function pinOf(): Promise<string> {
  if (!process.stdin.isTTY) {
    let text = ''
    for await (const chunk of process.stdin.setEncoding('utf8')) {
      text += chunk
      if (text.includes('\n') || text.length > 100) break
    }
    return text.split('\n')[0]?.trim() ?? ''
  }
  const { isCancel, password } = await import('@clack/prompts')
  const typed = async (message: string) => {
    const answer = await password({ message })
    if (isCancel(answer)) throw new CommandError(Exit.USAGE, 'Nobody was added.')
    return answer
  }
  const first = await typed('PIN, 4 to 12 digits')
  if ((await typed('The same PIN again')) === first) return first
  throw new CommandError(Exit.USAGE, 'The two are not the same. Nobody was added.')
}

async function list(flags: Flags): Promise<void> {
  const { printable } = await import('../model/printable.ts')
  const all = await orSay(flags, async () => (await open(flags)).list())
  for (const { name, createdAt, removedAt, failures } of all) {
    if (flags.json) console.log(JSON.stringify({ name, createdAt, removedAt, failures }))
    else {
      const state = removedAt === null ? 'signs since' : 'removed'
      const wrong = failures > 0 ? `, ${failures} wrong PINs since the last right one` : ''
      const day = (removedAt ?? createdAt).slice(0, 10)
      console.log(printable(`${name.padEnd(24)}  ${state} ${day}${wrong}`))
    }
  }
  if (all.length === 0 && !flags.json) {
    console.log('There are no operators: names on worksheets are what people typed.')
  }
}

/** What the disk says against it, as a sentence. */
async function orSay<T>(flags: Flags, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    const dir = stateDirOf(flags)
    throw new CommandError(
      Exit.USAGE,
      `The operators in ${dir} cannot be used: ${error.message}.\nNothing was changed. Run this as the user of the bridge, or give its --state-dir.`,
    )
  }
}

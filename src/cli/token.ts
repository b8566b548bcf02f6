// `wandbridge token create|list|revoke`: who may read over HTTP. Works beside a running bridge, which
// sees every change within a second, and without one.
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Scope, Token } from '../access/token.ts'
import { systemEnv, utc } from '../base/env.ts'
import { SOURCES, type Source } from '../model/reading.ts'
import { CommandError, Exit } from './exit.ts'
import { number, stateDirOf, withStateDir } from './options.ts'

interface StateFlags {
  readonly stateDir?: string
  readonly json?: boolean
}
interface CreateFlags extends StateFlags {
  readonly scope: string[]
  readonly source?: Source
  readonly days: number
  readonly never?: boolean
  readonly label: string
}

const DAY_MS = 86_400_000

export function registerToken(program: Command): void {
  const token = program.command('token').description('Tokens that let clinic software read.')
  withState(token.command('create'))
    .description('Make a token and print it, once. Only its hash is kept.')
    .option('--scope <scopes>', 'what it may read, separated by commas', list, [
      'status',
      'history',
    ])
    .addOption(
      new Option('--source <kind>', 'the kind of bridge it is for')
        .choices(SOURCES)
        .default('device'),
    )
    .option('--days <n>', 'how long it lasts', number(1, 3_650), 365)
    .addOption(new Option('--never', 'it never expires').conflicts('days'))
    .option('--label <text>', 'what it is for', '')
    .action(create)
  withState(token.command('list'))
    .description('List the tokens, without their secrets.')
    .action(show)
  withState(token.command('revoke'))
    .argument('<id>', 'the part between wb_ and the second _; the whole token will do')
    .description('End a token. What reads with it is cut off within a second.')
    .action(revoke)
}

const withState = (command: Command) => withStateDir(command).option('--json', 'as JSON')

function list(text: string): string[] {
  const scopes = text.split(',').filter(Boolean)
  if (scopes.length === 0) throw new InvalidArgumentError('Name at least one scope.')
  return scopes
}

async function open(flags: StateFlags) {
  const env = systemEnv()
  const { TokenStore } = await import('../access/store.ts')
  return { env, store: new TokenStore(env, stateDirOf(flags), null) }
}

/** A token is for the kind of bridge that the state directory is of. */
async function sourceFor(flags: CreateFlags): Promise<Source> {
  const { sourcesIn } = await import('../host/state-source.ts')
  return (await sourcesIn(stateDirOf(flags)))[0] ?? flags.source ?? 'device'
}

async function create(flags: CreateFlags): Promise<void> {
  const { SCOPES } = await import('../access/token.ts')
  const wrong = flags.scope.filter((scope) => !(SCOPES as readonly string[]).includes(scope))
  if (wrong.length > 0) {
    const known = SCOPES.join(', ')
    throw new CommandError(Exit.USAGE, `There is no scope ${wrong.join(', ')}. Known: ${known}.`)
  }
  const { store } = await open(flags)
  const source = await sourceFor(flags)
  const made = await orSay(flags, () =>
    store.create({
      label: flags.label,
      scopes: flags.scope as Scope[],
      source,
      lifeMs: flags.never ? null : flags.days * DAY_MS,
    }),
  )
  const { id, scopes, expiresAt } = made.token
  if (flags.json) {
    return console.log(JSON.stringify({ token: made.text, id, scopes, source, expiresAt }))
  }
  console.log(made.text)
  console.error(
    `Token ${id}: reads ${scopes.join(', ')} of a bridge for ${source}${until(expiresAt)}. It is shown only now; keep it where\nyou keep passwords. To end it: wandbridge token revoke ${id}`,
  )
}

const until = (expiresAt: string | null) =>
  expiresAt === null ? ', without end' : `, until ${expiresAt.slice(0, 10)}`

async function show(flags: StateFlags): Promise<void> {
  const { env, store } = await open(flags)
  const { ended } = await import('../access/token.ts')
  const tokens = await orSay(flags, () => store.list())
  for (const token of tokens) {
    const state = ended(token, env.wall()) ?? 'valid'
    if (flags.json) console.log(JSON.stringify({ ...bare(token), state }))
    else {
      const scopes = token.scopes.join(',').padEnd(24)
      const end = token.expiresAt?.slice(0, 10) ?? 'no end    '
      console.log(
        [token.id, state.padEnd(8), token.source.padEnd(9), scopes, end, token.label]
          .join('  ')
          .trimEnd(),
      )
    }
  }
  if (tokens.length === 0 && !flags.json)
    console.log('There are no tokens: nobody can read over HTTP.')
}

const bare = ({ v: _v, hash: _hash, ...rest }: Token) => rest

async function revoke(given: string, flags: StateFlags): Promise<void> {
  const { env, store } = await open(flags)
  const id = given.startsWith('wb_') ? (given.split('_')[1] ?? '') : given
  if (!(await orSay(flags, () => store.revoke(id)))) {
    throw new CommandError(
      Exit.NOT_SO,
      'There is no such token here. Nothing was changed. `wandbridge token list` shows those there are.',
    )
  }
  if (flags.json) console.log(JSON.stringify({ id, revokedAt: utc(env.wall()) }))
  else console.log(`Token ${id} is revoked.`)
}

/** What the disk says against it, as a sentence. */
async function orSay<T>(flags: StateFlags, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    const dir = stateDirOf(flags)
    throw new CommandError(
      Exit.USAGE,
      `The tokens in ${dir} cannot be used: ${error.message}.\nNothing was changed. Run this as the user of the bridge, or give its --state-dir.`,
    )
  }
}

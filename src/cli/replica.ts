// `wandbridge serve --from`: a replica, which serves what a broker has of many sites, until it is stopped.
import { systemEnv, utc } from '../base/env.ts'
import { ListenError } from '../host/host.ts'
import { startReplica } from '../host/replica.ts'
import { WORDS } from '../words/words.ts'
import { CommandError, Exit, stopInOrder } from './exit.ts'
import { brokerOf, httpOf, type Settings } from './options.ts'

export async function replica(chosen: Settings, from: string): Promise<void> {
  const env = systemEnv()
  const log = (text: string) => console.error(`${utc(env.wall())}  ${text}`)
  const { source, stateDir, locale, zone } = chosen
  const broker = brokerOf(chosen, from)
  const http = httpOf(chosen, log)
  if (!http) throw new CommandError(Exit.USAGE, 'A replica has nothing to do without --listen.')
  const page = { locale, zone }
  const options = { broker, source, words: WORDS[locale], page, http, log }
  const running = await startReplica(env, stateDir, options).catch((error: Error) => {
    const next = 'Nothing is served. Check --from, and what the broker lets this user do.'
    const what = error instanceof ListenError ? '' : 'The replica cannot start: '
    throw new CommandError(Exit.USAGE, `${what}${error.message}\n${next}`)
  })
  stopInOrder(() => running.close())
  log(`Replica ready on ${running.url}. Sites: ${running.sites.join(', ') || 'none yet'}.`)
  log(`Tokens for all sites: --state-dir ${stateDir}; for one: --state-dir ${stateDir}/sites/SITE.`)
}

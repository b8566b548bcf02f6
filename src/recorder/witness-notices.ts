// What people are told of the witnesses of a log. One that is not reached for a while is no news.
import { isFork, type WitnessStatus } from '../model/status.ts'

export function witnessSentence(status: WitnessStatus | undefined): string {
  const said = (status?.problems ?? []).map(({ name, problem, detail }) => {
    if (isFork(problem))
      return ` Witness ${name} has seen another audit log of this name (${detail}): an older copy was put back, or the log is written in two places. Do not rely on this bridge before it is known which. Have both verified with: wandbridge audit verify --witness KEY`
    if (problem === 'unknown-log' || problem === 'unknown-key')
      return ` Witness ${name} was not given the key of this audit log. Give it there: see the verifier key that wandbridge audit checkpoint prints.`
    if (problem === 'wrong-key')
      return ` What answers for witness ${name} signs with another key. Compare audit.witnesses with what the witness prints.`
    return ''
  })
  return said.join('')
}

// What people have not accepted yet: logs that were set aside, and that a witness has refused the log itself
// because it has seen another one of this name. It is a fold over the records of a log, the same for whoever
// writes the log and whoever verifies it. Pure.
import type { Statement } from '../../model/statement.ts'
import type { AuditRecord, Body, Quarantine } from './record.ts'

/** Why a log was set aside, or a witness has refused it, as it is said to people. */
export const asideOf = ({ log, code, args }: Quarantine): Statement => ({
  code: `aside.${code}`,
  args: { log, ...args },
})

/** The list behind one more record of `log`. What its writer may have put there without a schema says nothing. */
export function unacceptedAfter(
  list: readonly Quarantine[],
  log: string,
  { kind, body }: Pick<AuditRecord, 'kind' | 'body'>,
): readonly Quarantine[] {
  if (kind === 'quarantine') return [...list, body as Body<'quarantine'>]
  if (kind === 'accept') {
    const accepted = (body as Body<'accept'>)?.log
    return list.filter((one) => one.log !== accepted)
  }
  if (kind !== 'witness') return list
  const { name, problem: code } = (body ?? {}) as Body<'witness'>
  if ((code !== 'fork' && code !== 'ahead') || typeof name !== 'string') return list
  const others = list.filter(
    (one) => one.log !== log || one.code !== code || one.args['name'] !== name,
  )
  return [...others, { log, code, args: { name } }]
}

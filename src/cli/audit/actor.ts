// Who asks in this terminal, as records say it.
import type { Actor } from '../../audit/format/record.ts'
import { accountName } from '../../base/account.ts'

export const actorHere = (): Actor => ({ id: accountName(), role: 'operator', auth: 'process' })

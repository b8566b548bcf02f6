// What is read over HTTP, by whom and of which address, as records of the audit log of this computer.
import type { ReadLog } from '../http/sources.ts'
import type { Auditor } from '../recorder/auditor.ts'

/** `of`: in front of every address that is recorded. */
export function readLog(auditor: Auditor, of = ''): ReadLog {
  return {
    read({ principal: { id, auth }, route, pump }) {
      const actor = { id, role: auth === 'page-link' ? 'page' : 'client', auth }
      return auditor.read({ actor, route: `${of}${route}`, pump })
    },
    refused: () => auditor.refuse(),
  }
}

// Why a broker cannot be reached, for who has to mend it: what the system and the client say of it is short, and names
// neither the file nor the setting that is wrong. Pure.
import { AuthorizationError, PermissionViolationError } from '@nats-io/transport-node'

const BY_CODE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at that address: check fleet.servers, and that the broker runs',
  ENOTFOUND: 'there is no computer of that name: check fleet.servers',
  ETIMEDOUT: 'it does not answer: check fleet.servers, and the network',
  CERT_HAS_EXPIRED: 'its certificate has expired: put a new one in its place there',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'its certificate is for another name: connect by the name that it is for, or have one made for this name',
}
const UNKNOWN_AUTHORITY =
  /^(UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|CERT_SIGNATURE_FAILURE)$/

/** The same error, with what it means and what to do in front of what was said. */
export function brokerFault(error: unknown): Error {
  const { message } = error as Error
  const said = meaningOf(error)
  return said === null ? (error as Error) : new Error(`${said} (${message})`, { cause: error })
}

/** Whether it is the key: the broker does not take it, or there is none that could be shown to it. */
export function isByKey(error: unknown): boolean {
  for (let one: unknown = error; one instanceof Error; one = one.cause) {
    const { code = '' } = one as NodeJS.ErrnoException
    if (/^(Auth|UserAuth|NKeys)/.test(one.name) || FILE.test(code)) return true
  }
  return false
}
const FILE = /^(ENOENT|EACCES|EISDIR)$/

function meaningOf(error: unknown): string | null {
  if (error instanceof AuthorizationError)
    return 'it does not let this user in: check fleet.nkey or fleet.credentials, and the users of the broker'
  if (error instanceof PermissionViolationError)
    return 'it does not let this user do that: check the permissions of the broker'
  for (let one: unknown = error; one instanceof Error; one = one.cause) {
    const { code = '' } = one as NodeJS.ErrnoException
    if (UNKNOWN_AUTHORITY.test(code))
      return 'who vouches for its certificate is not known here: fleet.tls.ca must be the authority of the broker'
    if (BY_CODE[code] !== undefined) return BY_CODE[code]
  }
  return null
}

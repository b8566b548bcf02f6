// Every way a request can fail, as RFC 9457 problems with a stable `type`: what happened, what it means
// for the reading, what to do next. To add one: a row here; the OpenAPI document lists it.
import type { Problem } from '../model/api.ts'

const NONE = 'Nothing was read or changed. What you already show is no newer for it.'

interface Row extends Pick<Problem, 'title' | 'status' | 'detail' | 'meaning' | 'next'> {
  readonly stale?: Problem['reason']
}
const row = (status: number, title: string, detail: string, next: string, meaning = NONE): Row => ({
  status,
  title,
  detail,
  meaning,
  next,
})

const PROBLEMS = {
  'bad-request': row(
    400,
    'The request is not right',
    'A part of the request is not what this address takes.',
    'Correct the request; the OpenAPI document at /api/v1/openapi.json says what each address takes.',
  ),
  'token-in-address': row(
    400,
    'A token stood in the address',
    'Addresses are logged and shown, so a token in one is not secret any more.',
    'Revoke it (wandbridge token revoke ID), make a new one, and send it as: Authorization: Bearer TOKEN.',
  ),
  'not-authenticated': row(
    401,
    'Nobody is signed in',
    'This address needs a token, or a page opened with: wandbridge open.',
    'Make one with: wandbridge token create. Send it as: Authorization: Bearer TOKEN.',
  ),
  'token-unknown': row(
    401,
    'The token is not known',
    'The token or the page session is not one of this bridge.',
    'Check that the whole token was copied, and that it is for this bridge. A page is opened again with: wandbridge open.',
  ),
  'token-of-another-bridge': row(
    401,
    'The token is for another kind of bridge',
    'A bridge reads wands of one kind: device, simulator or replay. This token is for a bridge of another kind.',
    'Make one for this bridge with: wandbridge token create --source, and the kind that this bridge was started with.',
  ),
  'token-expired': row(
    401,
    'The token has expired',
    'The time this token was made for is over.',
    'Make a new one with: wandbridge token create.',
  ),
  'token-revoked': row(
    401,
    'The token was revoked',
    'Somebody has ended this token.',
    'Ask whoever runs the bridge; a new one is made with: wandbridge token create.',
  ),
  'scope-missing': row(
    403,
    'The token is not for this',
    'The token is valid and does not have the scope this address needs.',
    'Make a token with that scope: wandbridge token create --scope SCOPES.',
  ),
  'cross-site': row(
    403,
    'Another web site asked',
    'A browser sent this request for a page of another origin. Those are always refused.',
    'Read from your own server with a token, or from the page of this bridge.',
  ),
  'not-found': row(
    404,
    'There is nothing here',
    'No such address, pump, record or link is known to this bridge.',
    'See /api/v1/pumps for the pumps, and /api/v1/openapi.json for the addresses.',
  ),
  'cursor-gone': row(
    410,
    'The cursor belongs to another log',
    'Another log is written now than the one this cursor is a place in. Its records are not continued.',
    'Begin again without `after`.',
  ),
  'entries-dropped': row(
    410,
    'These records are not kept any more',
    'Retention has dropped some of them; their hashes are kept, and the tiles of the log have them.',
    'Ask for later entries. The tiles still prove what was in the log.',
  ),
  'read-only': row(
    405,
    'This interface only reads',
    'Only GET and HEAD exist here. Nothing can be changed or sent to a pump through it.',
    'Use GET. A pump is read by placing the wand, or with: wandbridge status.',
  ),
  'too-slow': row(
    408,
    'The request took too long',
    'The whole of a request has to come within a few seconds.',
    'Send it again, at once and whole.',
  ),
  'body-not-taken': row(
    413,
    'The request has a body',
    'Requests to a read-only interface have no body.',
    'Send the same request without one.',
  ),
  'wrong-host': row(
    421,
    'Another host was asked for',
    'The Host of the request is not a name of this bridge.',
    'Use an address the bridge listens on, or add the name to `http.hosts` in its configuration.',
  ),
  'too-many-requests': row(
    429,
    'Too many requests',
    'This token asks more often than it may, or holds too many streams.',
    'Wait as Retry-After says. To follow changes use /api/v1/events instead of asking again and again.',
  ),
  'headers-too-large': row(
    431,
    'The headers are too large',
    'The headers of the request are larger than 16 kB.',
    'Send fewer or shorter headers.',
  ),
  internal: row(
    500,
    'The bridge made an error',
    'An error nobody expected. It is in the log of the bridge.',
    'Try again; if it happens again, please report it.',
  ),
  'audit-failed': {
    ...row(
      503,
      'This read could not be recorded',
      'Every read is recorded before it is answered, and the audit log cannot be written now.',
      'Show what you have as not live and try again. /readyz says what is wrong with the log.',
      'Nothing you show is live.',
    ),
    stale: 'audit-failed',
  },
} as const satisfies Readonly<Record<string, Row>>

export type ProblemName = keyof typeof PROBLEMS

/** One line of Markdown for each, for the OpenAPI document. */
export const problemList = (): string =>
  Object.entries<Row>(PROBLEMS)
    .map(
      ([name, { status, title }]) => `- \`urn:wandbridge:problem:${name}\` (${status}): ${title}.`,
    )
    .join('\n')

export class HttpProblem extends Error {
  readonly problem: Problem
  readonly headers: Readonly<Record<string, string>>

  /** `detail` says more than the row does; never a token, a name or a path of this computer. */
  constructor(name: ProblemName, detail?: string, headers: Readonly<Record<string, string>> = {}) {
    const { stale, ...row }: Row = PROBLEMS[name]
    super(row.title)
    this.headers = headers
    this.problem = {
      type: `urn:wandbridge:problem:${name}`,
      ...row,
      ...(detail === undefined ? {} : { detail }),
      ...(stale === undefined ? {} : { quality: 'stale' as const, reason: stale }),
    }
  }
}

// Every way a request can fail here, as an OperationOutcome: what happened, what it means for the
// reading, what to do next.
import type { OperationOutcome, OperationOutcomeIssue } from 'fhir/r4.js'

export const FHIR_TYPE = 'application/fhir+json; charset=utf-8'

type IssueCode = OperationOutcomeIssue['code']

const CODES: Readonly<Record<number, IssueCode>> = {
  400: 'invalid',
  401: 'login',
  403: 'forbidden',
  404: 'not-found',
  405: 'not-supported',
  406: 'not-supported',
  413: 'too-long',
  414: 'too-long',
  429: 'throttled',
  431: 'too-long',
  503: 'transient',
}

/** The parts of a problem of the HTTP surface that are told. */
export interface Told {
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly meaning: string
  readonly next: string
}

export function outcomeOf({ status, title, detail, meaning, next }: Told): OperationOutcome {
  const code = CODES[status] ?? (status < 500 ? 'processing' : 'exception')
  const diagnostics = `${detail} ${meaning} ${next}`
  return outcome([{ severity: 'error', code, details: { text: title }, diagnostics }])
}

export const outcome = (issue: OperationOutcomeIssue[]): OperationOutcome => ({
  resourceType: 'OperationOutcome',
  issue,
})

/** A refusal of this surface's own. */
export class FhirProblem extends Error {
  readonly status: number
  readonly code: IssueCode

  constructor(status: number, message: string, code: IssueCode = CODES[status] ?? 'processing') {
    super(message)
    this.status = status
    this.code = code
  }

  get outcome(): OperationOutcome {
    const meaning = 'Nothing was read or changed. What you already show is no newer for it.'
    const { code, message } = this
    return outcome([{ severity: 'error', code, diagnostics: `${message} ${meaning}` }])
  }
}

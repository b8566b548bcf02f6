// How a request to the running bridge fails. By itself, so that a command loads no more than it needs to tell it.

/** The bridge did not do it; `why` tells a refusal from an end, and both from an answer that is none. */
export class ControlError extends Error {
  readonly why: 'refused' | 'ended' | 'not-understood'
  constructor(why: ControlError['why'], message: string) {
    super(message)
    this.why = why
  }
}

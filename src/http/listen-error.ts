// Why something that was told to listen cannot: a file of its own, so that whoever may meet it need not load what
// listens.

/** It cannot listen as it was told: the message says what to change. */
export class ListenError extends Error {}

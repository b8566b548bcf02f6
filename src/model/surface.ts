// How a surface below a prefix of the HTTP server is asked and answers. The server knows nothing of the
// surface, and the surface nothing of the server: this is all they agree on.

export interface SurfaceRequest {
  /** Below the prefix: `/Observation/x`. */
  readonly path: string
  readonly query: URLSearchParams
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Address of the prefix as the client knows it: `http://127.0.0.1:8420/fhir/R4`. */
  readonly base: string
  /** Whether whoever asked has left: a long search need not go on. */
  gone(): boolean
  /**
   * Records that a pump's data is read, or everybody's. Rejects when that could not be done: then there is
   * no answer.
   */
  recorded(pump: { readonly serial: string } | null): Promise<void>
}

export interface SurfaceAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

import type { Access } from './access.js'

/** The server did not give what it was asked for. */
export class NotGivenError extends Error {
  /** Whether it wants to know who asks. */
  readonly refused: boolean

  constructor(message: string, refused: boolean) {
    super(message)
    this.refused = refused
  }
}

const PATIENCE_MS = 20_000

/** Asks the server, at the path of the page itself. @throws NotGivenError */
export async function ask<Answer>(access: Access, query: Readonly<Record<string, string>>): Promise<Answer> {
  const response = await fetch(`${location.pathname}?${new URLSearchParams(query)}`, {
    headers: access.headers,
    cache: 'no-store',
    signal: AbortSignal.timeout(PATIENCE_MS),
  }).catch(() => {
    throw new NotGivenError('the server does not answer', false)
  })
  // What stands between may answer with something else.
  const answer = await response.json().catch(() => ({ error: `the server answered with status ${response.status}` }))
  if (response.ok) return answer
  throw new NotGivenError(String(answer.error), response.status === 403)
}

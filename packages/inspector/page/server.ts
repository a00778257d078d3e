import type { Action } from '../src/action.js'
import type { Access } from './access.js'

/** The error when the server did not return the requested data. */
export class NotGivenError extends Error {
  /** Whether the server requires authorization. */
  readonly refused: boolean

  constructor(message: string, refused: boolean) {
    super(message)
    this.refused = refused
  }
}

const PATIENCE_MS = 20_000

/** Requests data from the server, at the path of the page itself. @throws NotGivenError */
export function ask<Answer>(access: Access, query: Readonly<Record<string, string>>): Promise<Answer> {
  return answerOf(`${location.pathname}?${new URLSearchParams(query)}`, { headers: access.headers })
}

/** Requests an action. @returns the result, for people. @throws NotGivenError */
export async function perform(access: Access, action: Action): Promise<string> {
  const headers = { ...access.headers, 'content-type': 'application/json' }
  const body = JSON.stringify(action)
  return (await answerOf<{ done: string }>(location.pathname, { method: 'POST', headers, body })).done
}

async function answerOf<Answer>(address: string, request: RequestInit): Promise<Answer> {
  const response = await fetch(address, {
    ...request,
    cache: 'no-store',
    signal: AbortSignal.timeout(PATIENCE_MS),
  }).catch(() => {
    throw new NotGivenError('the server does not answer', false)
  })
  // A proxy in between may answer with something other than JSON, such as the page of its log-in.
  const answer = await response.json().catch(() => undefined)
  if (response.ok && answer !== undefined) return answer
  const why = answer?.error ?? problemOf(response.status)
  throw new NotGivenError(String(why), response.status === 403)
}

/** Describes an answer that is not one of ours. Servers limit the length of an address, and answer a longer one with 414 or 431. */
function problemOf(status: number): string {
  if (status === 414 || status === 431) return 'the key is too long; use scopedb'
  return `the server answered with status ${status}; reload this page`
}

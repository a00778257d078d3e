import { invalidArgument } from '@go-go-scope/persistence-core/integration'
import { act, type Changeable, NotAsNamedError } from './act.js'
import { readAction } from './action.js'
import type { Inspectable, Settings } from './options.js'
import type { Overview } from './overview.js'
import { errorResponse, jsonResponse } from './responses.js'
import { visible } from './visible.js'

/** Calls `change`, which performs an action, with the database under a prefix and returns its result. */
export type WriteUnder = (prefix: string, change: (database: Changeable) => Promise<string>) => Promise<string>

/** Also enough for a key of an app that has raised `maxKeyLength`. Each of its characters may take six in JSON. */
const MOST_BYTES = 1024 * 1024

/**
 * Returns the prefixes whose items may be changed; `undefined` if none.
 *
 * An adapter writes only under its own prefix.
 */
export function changeableBy(persistence: Inspectable, { write }: Settings): Overview['changeable'] {
  if (typeof write === 'function') return 'all'
  const { prefix } = persistence.inspect()
  return write && prefix !== undefined ? { prefix } : undefined
}

/** Performs the action of an authorized request. */
export async function performAction(request: Request, persistence: Inspectable, settings: Settings): Promise<Response> {
  // A form on another site can send other content types without a CORS preflight.
  if (!/^application\/json/i.test(request.headers.get('content-type') ?? '')) {
    return errorResponse('an action is sent as application/json')
  }
  const text = await textOf(request)
  if (text === undefined) return errorResponse(`an action has at most ${MOST_BYTES} bytes`, 413)
  const action = readAction(parsed(text))
  const { write } = settings
  if (typeof write !== 'function' && action.do !== 'prune' && action.prefix !== persistence.inspect().prefix) {
    return errorResponse(
      'the adapter of this page has another prefix; its option write can be a function of the prefix',
    )
  }
  const perform = (database: Changeable): Promise<string> => act(database, action, visible)
  try {
    const done =
      typeof write === 'function' ? write(action.prefix, perform) : perform(persistence as Inspectable & Changeable)
    return jsonResponse({ done: await done })
  } catch (error) {
    if (error instanceof NotAsNamedError) return errorResponse(error.message, 409)
    throw error
  }
}

/** Returns the body as text; `undefined` if it is too long. */
async function textOf(request: Request): Promise<string | undefined> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const bytes of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    length += bytes.length
    // Drains the rest, because a client that is still sending might not read the answer.
    if (length <= MOST_BYTES) parts.push(bytes)
  }
  return length > MOST_BYTES ? undefined : new TextDecoder().decode(Buffer.concat(parts))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw invalidArgument('inspector', 'an action must be JSON')
  }
}

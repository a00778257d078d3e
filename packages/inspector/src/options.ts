import {
  checkProvider,
  invalidArgument,
  invalidOption,
  type OptionNames,
  PersistenceError,
  readOptions,
} from '@go-go-scope/persistence-core/integration'
import { type Clock, type Inspection, type InspectOptions, systemClock } from '@go-go-scope/persistence-core/public'
import type { DatabaseStats } from './overview.js'
import type { WriteUnder } from './perform-action.js'

/** The members of an adapter that are used. */
export interface Inspectable {
  inspect(options?: InspectOptions): Inspection
  stats(): Promise<DatabaseStats>
}

/** One of `token` and `authorize` is required. */
export interface InspectorOptions {
  /**
   * The token that a request for data must send as `Authorization: Bearer …`, at least 16 characters. The page reads it from
   * the fragment of its address, `/inspector#token=…`, which browsers do not send, or asks the user for it.
   */
  token?: string | undefined
  /** Decides instead of a token whether a request may see the page and its data, for example by the app's session. */
  authorize?: ((request: Request) => boolean | Promise<boolean>) | undefined
  /**
   * The host names of the app, without a port. Default: `localhost`, `127.0.0.1` and `[::1]`. A request with another `Host` is
   * refused, which prevents DNS rebinding.
   */
  hosts?: readonly string[] | undefined
  /** Whether stored values may be read, one at a time. Default `false`. */
  values?: boolean | undefined
  /**
   * Whether authorized users may also make changes: release a lock, free a claim, close a circuit, remove cache entries.
   * `true`: with this adapter, so only under its own prefix, and locks only if it keeps them in the database. A function returns
   * the adapter that makes the changes under a given prefix. Default `false`: the page only reads.
   */
  write?: boolean | WriteUnder | undefined
  /** The source of time. Use the adapter's clock. Default: the system clock. */
  clock?: Clock | undefined
}

const NAMES: OptionNames<InspectorOptions> = {
  token: true,
  authorize: true,
  hosts: true,
  values: true,
  write: true,
  clock: true,
}

/** The options with their defaults. */
export interface Settings {
  readonly token: string | undefined
  readonly authorize: InspectorOptions['authorize']
  readonly hosts: ReadonlySet<string>
  readonly values: boolean
  readonly write: boolean | WriteUnder
  readonly clock: Clock
}

/** The default of `hosts`: the names of the local machine. */
export const OWN_MACHINE: readonly string[] = ['localhost', '127.0.0.1', '[::1]']
// Shorter tokens can be guessed by trying.
const SHORTEST_TOKEN = 16
// What a header can carry: servers remove spaces and newlines around it, such as the one at the end of a secret's file.
const OF_HEADER = /^[!-~\u00a1-\u00ff]([ -~\u00a1-\u00ff]*[!-~\u00a1-\u00ff])?$/

/**
 * @throws PersistenceError `INVALID_ARGUMENT` if `persistence` is not an adapter or an option is unknown, `INVALID_OPTION` for
 *   an invalid value, and if neither `token` nor `authorize` is given.
 */
export function settingsOf(persistence: Inspectable, options: InspectorOptions): Settings {
  checkProvider(persistence, ['inspect', 'stats'], 'the whole', 'inspector')
  // A string may be a token in the place of the options. It is a secret and not shown.
  if (typeof options === 'string')
    throw invalidArgument('inspector', 'options must be an object such as { token }, got a string')
  const given = readOptions(options, NAMES, 'inspector')
  const { token, authorize, hosts = OWN_MACHINE, values = false, write = false, clock = systemClock } = given
  if (authorize !== undefined && typeof authorize !== 'function') {
    throw invalidOption('authorize', authorize, 'a function of the request')
  }
  if ((token === undefined) === (authorize === undefined)) {
    const wanted = 'a secret text, or option authorize a function; give one of the two'
    throw invalidToken(wanted, token === undefined ? 'none' : 'both')
  }
  if (token !== undefined && !(typeof token === 'string' && token.length >= SHORTEST_TOKEN)) {
    const wanted = `a text of ${SHORTEST_TOKEN} characters or more, such as crypto.randomUUID()`
    throw invalidToken(wanted, typeof token === 'string' ? `one of ${token.length}` : typeof token)
  }
  if (token !== undefined && !OF_HEADER.test(token)) {
    throw invalidToken('a text that a header can carry', 'other characters')
  }
  if (
    !Array.isArray(hosts) ||
    hosts.some((host) => typeof host !== 'string' || hostName(host) !== host.toLowerCase())
  ) {
    throw invalidOption('hosts', hosts, 'an array of host names without ports, such as "admin.example.com"')
  }
  if (typeof values !== 'boolean') throw invalidOption('values', values, 'true or false')
  if (typeof write !== 'boolean' && typeof write !== 'function') {
    throw invalidOption('write', write, 'true, false or a function of a prefix and a change')
  }
  if (write === true) checkProvider(persistence, ['prune'], 'the whole', 'inspector')
  return { token, authorize, hosts: new Set(hosts.map((host) => host.toLowerCase())), values, write, clock }
}

/** @param got Describes the value without its content, because a token is secret. */
function invalidToken(wanted: string, got: string): PersistenceError {
  return new PersistenceError('INVALID_OPTION', 'options', `options: option token must be ${wanted}, got ${got}`)
}

/** Returns the name in a `Host` header in lower case; `undefined` if it is invalid. */
export function hostName(host: string): string | undefined {
  return /^([\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i.exec(host)?.[1]?.toLowerCase()
}

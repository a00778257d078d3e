import {
  checkProvider,
  invalidArgument,
  invalidOption,
  type OptionNames,
  PersistenceError,
  readOptions,
} from '@go-go-scope/persistence-core/integration'
import { type Clock, type Inspection, type InspectOptions, systemClock } from '@go-go-scope/persistence-core/public'
import type { WriteUnder } from './change.js'
import type { DatabaseStats } from './overview.js'

/** What is used of an adapter. */
export interface Inspectable {
  inspect(options?: InspectOptions): Inspection
  stats(): Promise<DatabaseStats>
}

/** One of `token` and `authorize` is required. */
export interface InspectorOptions {
  /**
   * What a request for data must have as `Authorization: Bearer …`, at least 16 characters. The page takes it from the
   * fragment of its address, `/inspector#token=…`, which browsers send to nobody, or asks for it.
   */
  token?: string
  /** Decides instead of a token whether a request may see the page and its data, as by the session of the app. */
  authorize?(request: Request): boolean | Promise<boolean>
  /**
   * Names under which the app is reached, without a port. Default: those of the own machine, which are `localhost`,
   * `127.0.0.1` and `[::1]`. A request whose `Host` is another is refused: a page of somebody else could have had its name
   * resolve to this server.
   */
  hosts?: readonly string[]
  /** Whether stored values may be asked for, one at a time. Default `false`. */
  values?: boolean
  /**
   * Whether who may look may also change what is there: release a lock, free a claim, close a circuit, remove cache entries.
   * `true`: by this adapter, so under its own prefix, and locks where it has them in the database. A function has each change
   * made by an adapter of the prefix that it is given. Default `false`: the page only reads.
   */
  write?: boolean | WriteUnder
  /** Where time comes from: give that of the adapter. Default: the machine's. */
  clock?: Clock
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

/** The names of the own machine, to which a page answers if it is told of no others. */
export const OWN_MACHINE: readonly string[] = ['localhost', '127.0.0.1', '[::1]']
// Fewer can be tried one after the other.
const SHORTEST_TOKEN = 16

/**
 * @throws PersistenceError `INVALID_ARGUMENT` for what is no adapter and for a name that is no option, `INVALID_OPTION` for
 *   a value that cannot be used, and where nothing decides who may look.
 */
export function settingsOf(persistence: Inspectable, options: InspectorOptions): Settings {
  checkProvider(persistence, ['inspect', 'stats'], 'the whole', 'inspector')
  // A token where the options are is not shown, for it is a secret.
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

/** @param got Says nothing of what is in a token, for it is a secret. */
function invalidToken(wanted: string, got: string): PersistenceError {
  return new PersistenceError('INVALID_OPTION', 'options', `options: option token must be ${wanted}, got ${got}`)
}

/** The name in a `Host` header, in lower case; `undefined` for what is none. */
export function hostName(host: string): string | undefined {
  return /^([\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i.exec(host)?.[1]?.toLowerCase()
}

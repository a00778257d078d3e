import { movedError, PersistenceError, type PersistenceErrorCode } from '@go-go-scope/persistence-core/dialect'
import { ConnectionLost } from '../wire/wire.js'

/** SQLSTATE that the triggers of a store raise after the command `copy` has moved it. The message says where it moved. */
export const MOVED_STATE = 'GGS01'

// SQLSTATE codes or classes (appendix A of the PostgreSQL documentation).
const BY_STATE: readonly (readonly [state: string, code: PersistenceErrorCode])[] = [
  ['40001', 'BUSY'],
  ['40P01', 'BUSY'],
  ['55P03', 'BUSY'],
  ['57014', 'BUSY'],
  // A pooler keeps no prepared statements. The driver sends the next try without them.
  ['26000', 'UNAVAILABLE'],
  ['42P05', 'UNAVAILABLE'],
  ['53300', 'UNAVAILABLE'],
  ['57P', 'UNAVAILABLE'],
  ['08', 'UNAVAILABLE'],
  ['25006', 'READ_ONLY'],
  ['53100', 'DISK_FULL'],
  ['53', 'IO_ERROR'],
  ['58', 'IO_ERROR'],
  ['XX001', 'CORRUPT'],
  ['XX002', 'CORRUPT'],
  [MOVED_STATE, 'MOVED'],
  ['23', 'CONSTRAINT'],
  ['54000', 'VALUE_TOO_LARGE'],
  ['22021', 'VALUE_NOT_SERIALIZABLE'],
  ['22P05', 'VALUE_NOT_SERIALIZABLE'],
  ['28', 'CANNOT_OPEN'],
  ['3D000', 'CANNOT_OPEN'],
]

const ADVICE: Readonly<Partial<Record<PersistenceErrorCode, string>>> = {
  BUSY: 'another connection held the row for longer than busyTimeout, or statement_timeout ended the call; raise the limit or shorten the other transaction',
  CLOSED: 'the app has closed the handle of the adapter; make a new adapter',
  CANNOT_OPEN:
    'the connection is refused; check user, password, database, sslmode, certificates, settings of the URL or the client, and pg_hba.conf',
  CORRUPT: 'the database is damaged; restore it from a backup',
  DISK_FULL: 'the server has no space left, and nothing of this operation was written',
  IO_ERROR: 'the server lacks a resource, or its file system failed; see its log',
  OUTCOME_UNKNOWN:
    'the connection ended before the answer came, and the call may have taken effect; read the state before calling again',
  READ_ONLY:
    'the server cannot be written: it is a standby, or default_transaction_read_only is set; connect to the primary',
  UNAVAILABLE:
    'no connection to the server within busyTimeout; check that it runs, its address, sslmode, and max_connections',
  VALUE_TOO_LARGE:
    'a key is too long for an index, or one call stores too much; use a shorter key, or store less at once',
}

// The server does not know or accept a setting, or the role may not connect.
const REFUSES_SESSION = /^(22|42)/

// Ended by an administrator or a crash, by the network, or because a transaction was idle or running for too long.
const ENDS = ['57P', '08', '25P03', '25P04']

// The role lacks a permission. It has no code of its own, because a statement of the app in `fenced` can get it too.
const NO_RIGHT = '42501'
const GRANT = 'the role lacks a right; GRANT it, for tables of ours as docs/postgres.md has it under Permissions'

// Node's codes for a connection that could not be made or has ended. They come without an SQLSTATE.
const NETWORK = /^(ECONN|EPIPE|ENOTFOUND|ETIMEDOUT|EHOST|ENET|EAI_|CONNECTION_|ERR_POSTGRES_CONNECTION|ENOENT$)/
// The last one comes when an app sets `query_timeout`: the client abandons the statement, but the server goes on with it.
const ENDED =
  /connection (terminated|ended|closed)|server closed the connection|client (was closed|has encountered)|^query read timeout/i
// Node's codes for a certificate that is not trusted or names another host, and for a peer that does not speak TLS; Bun's for a
// server without TLS; then the messages of `pg` for such a server and for a password that is missing or refused. Retrying does
// not help until the URL or the server is changed.
const LOGIN_CODE =
  /^(CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|HOSTNAME_MISMATCH|ERR_TLS_CERT|ERR_SSL_|ERR_POSTGRES_(TLS|CHANNEL_BINDING)_)/
const LOGIN_MESSAGE = /^The server does not support SSL connections|^SASL: /
// PGlite, and a pool of `pg`, also when the adapter ends it a second time.
const CLOSED_BY_APP = /^PGlite is clos(ed|ing)|^Cannot use a pool after calling end|^Called end on pool more than once/
// The code that an ended `sql` of `postgres` gives to each new statement. Statements in flight get another code.
const ENDED_SQL = 'CONNECTION_ENDED'

/** The error for an `sql` that the app has ended, for libraries that do not tell this from a lost connection. */
export function endedSql(cause?: unknown): Error {
  return Object.assign(new Error('the sql was ended', { cause }), { code: ENDED_SQL })
}

function property(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null ? (error as Record<string, unknown>)[name] : undefined
}

/** Returns the SQLSTATE, five letters or digits, from whichever field the client library puts it in. */
export function sqlStateOf(error: unknown): string | undefined {
  for (const name of ['code', 'errno']) {
    const value = property(error, name)
    if (typeof value === 'string' && /^[0-9A-Z]{5}$/.test(value) && !NETWORK.test(value)) return value
  }
  return undefined
}

/** Whether a table has changed since the statement was prepared, so the connection can no longer run it. Nothing was done. */
export function hasStalePlan(error: unknown): boolean {
  // By the routine, because the code covers everything that is not supported, and the message is in the server's language.
  return sqlStateOf(error) === '0A000' && property(error, 'routine') === 'RevalidateCachedQuery'
}

/** Whether an earlier statement of the transaction has failed, so that the server accepts only ROLLBACK. */
export function isFailedTransaction(error: unknown): boolean {
  return sqlStateOf(error) === '25P02'
}

/** Whether the connection that raised this error is no longer usable. */
export function endsConnection(error: unknown): boolean {
  const state = sqlStateOf(error)
  if (state !== undefined) return ENDS.some((start) => state.startsWith(start))
  return NETWORK.test(String(property(error, 'code'))) || ENDED.test(String(property(error, 'message')))
}

/** Whether TLS or the login failed, for reasons that stay. */
function refusesLogin(error: unknown): boolean {
  return LOGIN_CODE.test(String(property(error, 'code'))) || LOGIN_MESSAGE.test(String(property(error, 'message')))
}

function codeOf(error: unknown): PersistenceErrorCode {
  if (error instanceof ConnectionLost) {
    if (error.sent) return 'OUTCOME_UNKNOWN'
    if (refusesLogin(error.cause)) return 'CANNOT_OPEN'
    const code = codeOf(error.cause)
    if (code !== 'SQL') return code
    return REFUSES_SESSION.test(sqlStateOf(error.cause) ?? '') ? 'CANNOT_OPEN' : 'UNAVAILABLE'
  }
  const state = sqlStateOf(error)
  if (state === undefined) return codeOfMessage(error)
  // The driver prepares the statement again for the next try.
  if (hasStalePlan(error)) return 'UNAVAILABLE'
  return BY_STATE.find(([start]) => state.startsWith(start))?.[1] ?? 'SQL'
}

function codeOfMessage(error: unknown): PersistenceErrorCode {
  if (property(error, 'code') === ENDED_SQL) return 'CLOSED'
  if (CLOSED_BY_APP.test(String(property(error, 'message')))) return 'CLOSED'
  return endsConnection(error) ? 'UNAVAILABLE' : 'SQL'
}

/** Wraps the error of a client library. Returns a {@link PersistenceError} unchanged. */
export function classify(error: unknown, operation: string): PersistenceError {
  if (error instanceof PersistenceError) return error
  const code = codeOf(error)
  const native = error instanceof Error ? error.message : String(error)
  if (code === 'MOVED') return movedError(operation, native)
  const advice = sqlStateOf(error) === NO_RIGHT ? GRANT : ADVICE[code]
  const cause = error instanceof ConnectionLost ? error.cause : error
  return new PersistenceError(
    code,
    operation,
    `${operation}: ${advice === undefined ? native : `${advice} (${native})`}`,
    cause,
  )
}

/** Marks a lost connection as "not sent": the transaction was not committed, so none of it took effect. */
export function undone(error: unknown): unknown {
  return error instanceof ConnectionLost && error.sent ? new ConnectionLost(error.cause, false) : error
}

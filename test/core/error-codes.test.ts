import { expect, test } from 'vitest'
import {
  endsConnection,
  classify as ofServer,
  undone,
} from '../../packages/persistence-postgres/src/sql/error-codes.js'
import { ConnectionLost } from '../../packages/persistence-postgres/src/wire/wire.js'
import { classify as ofEngine } from '../../packages/shared/src/dialects/sqlite/error-codes.js'
import { typedError } from '../../packages/shared/src/dialects/sqlite/thread/typed-error.js'

/** An error with the members by which an engine, a client library or a runtime says what failed. */
const failed = (members: object, message = 'of the engine') => Object.assign(new Error(message), members)

/** As of a connection that could not be made. */
const unconnected = (error: Error) => ofServer(new ConnectionLost(error, false), 'cache.get')

// Result codes of SQLite, primary and extended, and their names and texts: engines report one of the three.
test.each<[code: string, numbers: number[], names: string[], text: string | undefined]>([
  ['BUSY', [5, 6, 15, 261], ['SQLITE_BUSY_SNAPSHOT', 'SQLITE_LOCKED', 'SQLITE_PROTOCOL'], 'database table is locked'],
  ['BUSY', [517], ['SQLITE_BUSY'], 'locking protocol'],
  ['READ_ONLY', [8, 776], ['SQLITE_READONLY_RECOVERY'], 'attempt to write a readonly database'],
  ['IO_ERROR', [10, 3_338], ['SQLITE_IOERR_WRITE'], 'disk I/O error'],
  ['CORRUPT', [11, 267], ['SQLITE_CORRUPT'], 'database disk image is malformed'],
  ['DISK_FULL', [13], ['SQLITE_FULL'], 'database or disk is full'],
  ['CANNOT_OPEN', [14], ['SQLITE_CANTOPEN_ISDIR'], 'unable to open database file'],
  ['CANNOT_OPEN', [], [], 'unable to open database: copy.db'],
  ['VALUE_TOO_LARGE', [18], ['SQLITE_TOOBIG'], 'string or blob too big'],
  ['CONSTRAINT', [19, 2_067], ['SQLITE_CONSTRAINT_UNIQUE'], 'UNIQUE constraint failed: users.name'],
  ['NOT_A_DATABASE', [26], ['SQLITE_NOTADB'], 'file is not a database'],
  ['FILE_REPLACED', [1_032], [], undefined],
  ['CLOSED', [], [], 'database is not open'],
  ['SQL', [1, 21], ['SQLITE_MISUSE', 'ERR_SQLITE_ERROR'], 'no such table: users'],
])('an error of an engine is %s by its code %j, its name %j or its text', (code, numbers, names, text) => {
  const errors = [
    ...numbers.flatMap((errcode) => [failed({ errcode, code: 'ERR_SQLITE_ERROR' }), failed({ errno: errcode })]),
    ...names.map((name) => failed({ code: name })),
    ...(text === undefined ? [] : [failed({}, text)]),
  ]
  for (const error of errors) expect(ofEngine(error, 'cache.set')).toMatchObject({ code, operation: 'cache.set' })
  for (const error of errors) expect(ofEngine(error, 'cache.set').cause).toBe(error)
})

// SQLSTATE codes (appendix A of the PostgreSQL documentation).
test.each([
  ['BUSY', ['40001', '40P01', '55P03', '57014']],
  ['UNAVAILABLE', ['08006', '26000', '42P05', '53300', '57P01', '57P03']],
  ['READ_ONLY', ['25006']],
  ['DISK_FULL', ['53100']],
  ['IO_ERROR', ['53200', '58030']],
  ['CORRUPT', ['XX001', 'XX002']],
  ['CONSTRAINT', ['23505', '23503']],
  ['VALUE_TOO_LARGE', ['54000']],
  ['VALUE_NOT_SERIALIZABLE', ['22021', '22P05']],
  ['CANNOT_OPEN', ['28P01', '3D000']],
  ['SQL', ['42703', '42501', '25P02']],
] as const)('an error of a server is %s by its state, in whichever member: %j', (code, states) => {
  for (const state of states) {
    const errors = [failed({ code: state }), failed({ code: 'ERR_POSTGRES_SERVER_ERROR', errno: state })]
    for (const error of errors) {
      const typed = ofServer(error, 'cache.get')
      expect(typed, state).toMatchObject({ code, operation: 'cache.get' })
      expect(typed.cause).toBe(error)
    }
  }
})

test.each([
  ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'CONNECTION_CLOSED', 'EAI_AGAIN'].map((code) =>
    failed({ code }),
  ),
  ['Connection terminated unexpectedly', 'Query read timeout', 'Client was closed and is not queryable'].map((text) =>
    failed({}, text),
  ),
])('a call whose connection has ended is UNAVAILABLE, or OUTCOME_UNKNOWN if it was sent: %s', (...errors) => {
  for (const error of errors) {
    expect(ofServer(error, 'cache.get'), String(error)).toMatchObject({ code: 'UNAVAILABLE', retryable: true })
    const sent = new ConnectionLost(error, true)
    expect(ofServer(sent, 'cache.get')).toMatchObject({ code: 'OUTCOME_UNKNOWN', retryable: false, cause: error })
    expect(ofServer(undone(sent), 'cache.get')).toMatchObject({ code: 'UNAVAILABLE', cause: error })
  }
})

test('a state of the server says whether the connection that got it can be used on', () => {
  // Ended by an administrator, for an idle or a long transaction, or by the network; a cancelled statement, a constraint.
  const ending = ['57P01', '25P03', '25P04', '08006', '57014', '23505'].map((code) => endsConnection(failed({ code })))
  expect(ending).toEqual([true, true, true, true, false, false])
})

test('a session that the server refuses for a setting is CANNOT_OPEN, and any other failure to connect UNAVAILABLE', () => {
  for (const code of ['22023', '42704']) expect(unconnected(failed({ code }))).toMatchObject({ code: 'CANNOT_OPEN' })
  for (const code of ['SELF_SIGNED_CERT_IN_CHAIN', 'ERR_TLS_CERT_ALTNAME_INVALID', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'])
    expect(unconnected(failed({ code }))).toMatchObject({ code: 'CANNOT_OPEN' })
  expect(unconnected(failed({}, 'no connection came in time'))).toMatchObject({ code: 'UNAVAILABLE' })
})

test.each(['Cannot use a pool after calling end on the pool', 'PGlite is closed', 'Called end on pool more than once'])(
  'a handle that the app has closed is CLOSED: %s',
  (text) => expect(ofServer(failed({}, text), 'cache.get')).toMatchObject({ code: 'CLOSED', retryable: false }),
)

test.each([
  ['READ_ONLY', ['EACCES', 'EPERM', 'EROFS']],
  ['DISK_FULL', ['ENOSPC', 'EDQUOT']],
  ['CANNOT_OPEN', ['EBUSY', 'EISDIR', 'ELOOP', 'EMFILE', 'ENAMETOOLONG', 'ENFILE', 'ENOENT', 'ENOTDIR']],
  ['IO_ERROR', ['EIO', 'ENODEV']],
] as const)('an error of the file system is %s: %j', (expected, codes) => {
  for (const code of codes) {
    const error = failed({ code, syscall: 'open' })
    expect(typedError(error, 'backup')).toMatchObject({ code: expected, operation: 'backup', cause: error })
  }
})

import { engineNames } from '../../../scripts/engines.mjs'
import { coreImportsGoDown } from './core-rooms.js'
import { engineLists } from './engine-lists.js'
import { frontEndSize } from './front-end-size.js'
import { forbids, type Gate } from './gate.js'
import { hostLayers } from './host-layers.js'
import { importDirection } from './import-direction.js'
import { listedSuites } from './listed-suites.js'
import { portLists } from './port-lists.js'
import { literalsOnly, withoutComments } from './source-text.js'
import { tableLists } from './table-lists.js'

const inCore = (path: string): boolean => /^packages\/shared\/src\/.*\.ts$/.test(path)
const inDialect = (path: string): boolean => /^packages\/shared\/src\/dialects\//.test(path)
const inFrontEnd = (path: string): boolean => /^packages\/persistence-sqlite[^/]*\/src\/.*\.ts$/.test(path)
const inAnyPackage = (path: string): boolean => /^packages\/[^/]+\/src\/.*\.ts$/.test(path)

const SQL =
  /\b(SELECT|INSERT|REPLACE INTO|UPDATE|DELETE|CREATE|DROP|ALTER|PRAGMA|BEGIN|COMMIT|ROLLBACK|ATTACH|VACUUM)\b/
const SQL_IN_SMALL_LETTERS =
  /['"`]\s*(select\s.*\sfrom|insert\s+into|update\s.*\sset|delete\s+from|create\s+table|pragma\s|begin\b|commit\b|rollback\b)/

export const gates: readonly Gate[] = [
  importDirection,
  hostLayers,
  coreImportsGoDown,
  frontEndSize,
  ...engineLists,
  ...portLists,
  ...tableLists,
  listedSuites,
  forbids('the core names no engine', inCore, new RegExp(engineNames.join('|')), withoutComments),
  forbids(
    'a front end holds no SQL',
    inFrontEnd,
    new RegExp(`${SQL.source}|${SQL_IN_SMALL_LETTERS.source}`),
    literalsOnly,
  ),
  forbids(
    'SQL is held by a dialect alone',
    (path) => inCore(path) && !inDialect(path),
    new RegExp(`${SQL.source}|${SQL_IN_SMALL_LETTERS.source}`),
    literalsOnly,
  ),
  forbids(
    'what is outside the dialects knows no dialect',
    (path) =>
      inCore(path) && !inDialect(path) && !/^packages\/shared\/src\/(engine|index|public|remote)\.ts$/.test(path),
    /sqlite|pragma|json_each|\browid\b|postgres/i,
    withoutComments,
  ),
  forbids(
    // Each dialect has its own tables, and passes their names to the stores with the statements.
    'what is outside the dialects names no table',
    (path) => inCore(path) && !inDialect(path),
    /go_goscope_/,
    withoutComments,
  ),
  forbids(
    // A deferred transaction takes its write lock at the first write, when waiting can no longer help. Exceptions:
    // dialects/sqlite/fenced-statement.ts only lists the words it refuses. The connection of a standby has no other writer, and
    // an immediate transaction there would also take the write lock of the attached source.
    'a transaction says what it locks: BEGIN IMMEDIATE',
    (path) => (inCore(path) && !/\/(fenced-statement|standby\/sql)\.ts$/.test(path)) || inFrontEnd(path),
    /['"`;]\s*BEGIN\b(?!\s+(IMMEDIATE|EXCLUSIVE)\b)/i,
    literalsOnly,
  ),
  forbids(
    // Child processes of the conformance package print, because they answer the tests through pipes. It is no library of ours.
    'a library writes to no console',
    // A program may print.
    (path) => inAnyPackage(path) && !/^packages\/(persistence-conformance|cli)\//.test(path),
    /\bconsole\s*[.[]|process\s*\.\s*std(out|err)/,
    withoutComments,
  ),
  forbids(
    'time and chance come from the options',
    (path) => (inCore(path) || inFrontEnd(path)) && !/\/time\/clock\.ts$|\/adapter\/adapter-options\.ts$/.test(path),
    /\b(Date\.now|performance\.now|Math\.random|process\.hrtime|setTimeout|setInterval)\b|new Date\(\)/,
    withoutComments,
  ),
  forbids(
    // Monotonic time restarts with each process, so a stored value would mean nothing to the next one.
    'monotonic time is never stored',
    // The stores of lock/ keep holds in memory; what they store is in the SQL.
    (path) => inCore(path) && /\/(?!lock\/)[^/]+\/[^/]+-store\.ts$|\/(statements|schema|values|keys)\//.test(path),
    /\bmonotonic\b|performance\.now|hrtime/,
    withoutComments,
  ),
  forbids(
    'no file names a path of one machine',
    () => true,
    /(^|[\s'"`(=:])(\/(home|root|Users|work|mnt)\/[\w.-]|[A-Z]:\\Users\\)/,
  ),
  forbids(
    'no file names a registry host',
    () => true,
    /\bregistry\.[a-z0-9-]+\.[a-z]|\bnpm\.pkg\.[a-z]|https?:\/\/[^\s'"`)/]*(registry|artifactory|verdaccio|nexus|npmmirror)/i,
  ),
  forbids('the lockfile names no place to fetch from', (path) => path === 'pnpm-lock.yaml', /https?:\/\/|tarball:/),
]

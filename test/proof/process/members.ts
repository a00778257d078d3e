import { type EngineName, engineNames, engines } from '../../../scripts/engines.mjs'
import { cell, engine } from '../../cells/cell.js'

/** One kind of process that takes part in a proof: a runtime and the engine it uses. */
export interface Member {
  readonly runtime: string
  /** The module that exports the engine. */
  readonly module: URL
}

/** Whether the processes meet on a server, each by another client library. */
const onServer = engine.places !== undefined

/** The runtime and the engine of this cell. */
export const thisMember: Member = { runtime: cell.runtime, module: engine.module }

/** A process of the other kind of runtime, with that one's own engine: Bun beside Node, Node beside Bun. */
export const otherMember: Member = onServer
  ? serverMember('bun', 'bun')
  : cell.runtime === 'bun'
    ? memberOf('node24', 'node:sqlite')
    : memberOf('bun', 'bun:sqlite')

/** One kind of process for each runtime. */
export const everyRuntime: readonly Member[] = onServer
  ? [serverMember('node20', 'postgres-js'), serverMember('node24', 'pg'), serverMember('bun', 'bun')]
  : [memberOf('node20', '@photostructure/sqlite'), memberOf('node24', 'node:sqlite'), memberOf('bun', 'bun:sqlite')]

/** Those that meet: every engine on a file, so every build of SQLite, of which one is on Bun; two client libraries on a server. */
const meeting: readonly Member[] = onServer
  ? [thisMember, otherMember]
  : engineNames.map((name) => memberOf(`${engines[name].runtimes[0]}`, name))

/** `count` processes on one file or server, of each kind in turn. */
export function mixedMembers(count: number): Member[] {
  return Array.from({ length: count }, (_, index) => meeting[index % meeting.length] as Member)
}

function serverMember(runtime: string, library: string): Member {
  return { runtime, module: new URL(`../../postgres/engines/${library}.mjs`, import.meta.url) }
}

function memberOf(runtime: string, name: EngineName): Member {
  return { runtime, module: new URL(`../../cells/engines/${engines[name].module}.mjs`, import.meta.url) }
}

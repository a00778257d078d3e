import { type EngineName, engineNames, engines } from '../../../scripts/engines.mjs'
import { cell, engine } from '../../cells/cell.js'

/** A kind of process in a proof: a runtime and its engine. */
export interface Member {
  readonly runtime: string
  /** The module that exports the engine. */
  readonly module: URL
}

/** Whether the processes use a server, each with another client library. */
const onServer = engine.places !== undefined

/** The runtime and the engine of this cell. */
export const thisMember: Member = { runtime: cell.runtime, module: engine.module }

/** A process of the other kind of runtime with one of its engines: Bun for Node, Node for Bun. */
export const otherMember: Member = onServer
  ? serverMember('bun', 'bun')
  : cell.runtime === 'bun'
    ? memberOf('node24', 'node:sqlite')
    : memberOf('bun', 'bun:sqlite')

/** One kind of process for each runtime. */
export const everyRuntime: readonly Member[] = onServer
  ? [serverMember('node20', 'postgres-js'), serverMember('node24', 'pg'), serverMember('bun', 'bun')]
  : [memberOf('node20', '@photostructure/sqlite'), memberOf('node24', 'node:sqlite'), memberOf('bun', 'bun:sqlite')]

/** The kinds that meet: on a file, every engine and so every build of SQLite, one of them on Bun; on a server, two libraries. */
const meeting: readonly Member[] = onServer
  ? [thisMember, otherMember]
  : engineNames.map((name) => memberOf(`${engines[name].runtimes[0]}`, name))

/** Returns `count` processes for one file or server, alternating between the kinds. */
export function mixedMembers(count: number): Member[] {
  return Array.from({ length: count }, (_, index) => meeting[index % meeting.length] as Member)
}

function serverMember(runtime: string, library: string): Member {
  return { runtime, module: new URL(`../../postgres/engines/${library}.mjs`, import.meta.url) }
}

function memberOf(runtime: string, name: EngineName): Member {
  return { runtime, module: new URL(`../../cells/engines/${engines[name].module}.mjs`, import.meta.url) }
}

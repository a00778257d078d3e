import type { DependsOn } from '@go-go-scope/persistence-conformance'
import { collectedTests } from '../planted-bugs/collected-tests.js'
import { blockCopies } from './by-blocks.js'

/** Tests whose copies are made in another way even then. */
const NOT_BY_BLOCKS = ['backups > maxBytesPerSecond limits the copy', 'backups > a database in memory is copied too']

/** Returns the tests of backups that depend on `which`, with copies by blocks. */
export function backupsByBlocks(which: DependsOn): [name: string, body: () => Promise<void>][] {
  const collected = [...collectedTests(blockCopies(), which)]
  return collected.filter(([name]) => name.startsWith('backups > ') && !NOT_BY_BLOCKS.includes(name))
}

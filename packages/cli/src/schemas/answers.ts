import type { Backup, Checkpoint, Restored } from '@go-go-scope/persistence-core/public'
import type { Finding } from '../checks.js'
import type { Facts } from '../facts.js'
import type { Plan } from '../migrate.js'
import type { Summary } from '../summary.js'
import type { Counts } from '../transfer/format.js'
import type { Outcome } from '../transfer/import-item.js'
import { CIRCUIT, CLAIM, LOCK, STANDBY, TASK } from './items.js'
import {
  anything,
  at,
  count,
  flag,
  listOf,
  number,
  object,
  optional,
  type Properties,
  type Schema,
  text,
} from './schema.js'

const FACTS: Properties<Facts> = {
  engine: text('As its package or module is named'),
  sqliteVersion: optional(text('Of the library that reads the file')),
  file: optional(text('Empty for a database in memory')),
  fileBytes: optional(count('Of the file')),
  walBytes: optional(count('Of the write-ahead log')),
  serverVersion: optional(text('Of PostgreSQL')),
  timeline: optional(count('Of the server: grows with each promotion of a standby')),
  location: optional(text('Of the server: address, database and schema')),
  roundTrip: optional(number('ms to the server and back')),
  clockDifference: optional(number("ms by which the server's clock is ahead")),
  results: count('Rows, also those that have expired'),
  checkpoints: count('Rows'),
  circuits: count('Rows'),
}

export const SUMMARY: Schema = object<Summary>({
  database: object<Facts>(FACTS),
  cache: object<Summary['cache']>({
    entries: count('That were looked at and have not expired'),
    bytes: count('Of their stored texts'),
    more: flag('Whether there are others, which were not looked at'),
  }),
  prefixes: listOf(text('One of the first 100')),
  locks: listOf(LOCK),
  circuits: listOf(CIRCUIT),
  claims: listOf(CLAIM),
  tasks: listOf(TASK),
  standbys: listOf(STANDBY),
  more: listOf(text('A list here that has more items: its command shows all')),
})

export const CHECKPOINT: Schema = object<Checkpoint>({
  id: text('Of the checkpoint'),
  taskId: text('Of the task'),
  sequence: count('From 1'),
  timestamp: at('at which it was saved'),
  progress: number('0 to 100'),
  data: anything('As the task has saved it'),
  estimatedTimeRemaining: optional(number('ms')),
})

const FINDINGS: Schema = listOf(
  object<Finding>({
    where: text('backup, file, pages, environment, or the list that it stands in'),
    what: text('What is wrong'),
  }),
)

export const VERIFICATION: Schema = object<{ items: number; findings: Finding[] }>({
  items: count('That were read'),
  findings: FINDINGS,
})

// If a file cannot be opened, only the runtime is known.
const { properties: facts = {} } = object<Facts>(FACTS)
export const DIAGNOSIS: Schema = {
  type: 'object',
  properties: { runtime: text('As in Node 24.21.0'), ...facts, findings: FINDINGS },
  required: ['runtime', 'findings'],
}

const BACKUP: Properties<Omit<Backup, 'path'>> = {
  bytes: count('Of the file'),
  pages: count('Of the file'),
  sha256: text('Of the file, in hexadecimal digits'),
  sqliteVersion: text('Of the library that made it'),
  schemaVersion: count('Of the tables; 0 for a file of go-go-scope 2.9'),
  startedAt: at('at which it began: what was committed before is in it'),
  milliseconds: number('How long it took, with its verification'),
  position: optional(count('The last change in it; absent where nobody followed the database')),
  scheduledFor: optional(text('The path, from the folder of the backup, of the database whose schedule made it')),
}

export const COPY: Schema = object<Backup>({ path: text('Of the copy'), ...BACKUP })

export const RESTORED: Schema = object<
  Pick<Restored, 'path' | 'lineage' | 'tokensAbove' | 'generationsAbove' | 'meaning'> &
    Partial<Pick<Restored, 'kept' | 'backup'>>
>({
  path: text('Of the database'),
  kept: optional(text('Where the file is now that had the path before; absent where there was none')),
  backup: optional(object<Omit<Backup, 'path'>>(BACKUP)),
  lineage: text('Another one each time'),
  tokensAbove: count('Every lock token that is given from now on is greater'),
  generationsAbove: count('Every claim generation that is given from now on is greater'),
  meaning: object<Restored['meaning']>({
    locks: text('What the restored file means for locks'),
    claims: text('For claims'),
    results: text('For results'),
    checkpoints: text('For checkpoints'),
    cache: text('For the cache'),
    breakers: text('For circuits'),
  }),
})

export const PLAN: Schema = object<Partial<Pick<Plan, 'from' | 'to'>> & Pick<Plan, 'steps'>>({
  from: optional(count('The schema version; absent where there is nothing to do')),
  to: optional(count('The schema version that this program writes')),
  steps: listOf(text('What migrate does, or has done')),
})

export const COUNTS: Schema = object<Counts>({
  circuit: count('Circuits'),
  result: count('Results'),
  checkpoint: count('Checkpoints'),
  cache: count('Cache entries'),
})

export const IMPORTED: Schema = object<Record<Outcome, Counts>>({
  written: COUNTS,
  replaced: COUNTS,
  there: COUNTS,
  claimed: COUNTS,
  expired: COUNTS,
})

import type { CheckpointItem, CircuitItem, EntryItem, Kind, ResultItem } from '../transfer/format.js'
import { COUNTS } from './answers.js'
import { CIRCUIT_STATE, EXPIRES_AT as expiresAt, OUTCOME } from './items.js'
import { at, count, flag, number, object, oneOf, optional, type Schema, text } from './schema.js'

const prefix = text('The key prefix; empty for apps without one')
const key = text('Without the prefix')
const kind = (name: string): Schema => oneOf([name], 'What the line is')

const FIRST: Schema = object<{ format: string; version: number; at: number }>({
  format: kind('scopedb-export'),
  version: count('Of the format'),
  at: at('at which the export began'),
})

const ENTRY: Schema = object<EntryItem>({
  ...{ kind: kind('cache'), prefix, key, expiresAt },
  value: text("As the app's codec has stored it"),
})

const RESULT: Schema = object<ResultItem>({
  ...{ kind: kind('result'), prefix, key, expiresAt },
  outcome: OUTCOME,
  value: optional(text("As the app's codec has stored it; absent where outcome is unstored")),
  reason: optional(text('Why it could not be stored')),
  fingerprint: optional(text('What the key stands for')),
})

const CHECKPOINT: Schema = object<CheckpointItem>({
  ...{ kind: kind('checkpoint'), prefix, id: text('Of the checkpoint'), taskId: text('Of the task') },
  sequence: count('From 1'),
  timestamp: at('at which it was saved'),
  progress: number('0 to 100'),
  data: text("As the app's codec has stored it"),
  estimatedTimeRemaining: optional(number('ms')),
})

const CIRCUIT: Schema = object<CircuitItem>({
  ...{ kind: kind('circuit'), prefix, key },
  ...CIRCUIT_STATE,
})

const LAST: Schema = object<{ end: boolean; items: object }>({
  end: flag('This is the last line'),
  items: COUNTS,
})

/** The items of an export by kind. */
export const EXPORTED_ITEMS: Readonly<Record<Kind, Schema>> = {
  circuit: CIRCUIT,
  result: RESULT,
  checkpoint: CHECKPOINT,
  cache: ENTRY,
}

/** A line of an export. */
export const EXPORTED: Schema = { anyOf: [FIRST, ...Object.values(EXPORTED_ITEMS), LAST] }

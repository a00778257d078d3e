import type {
  CircuitInfo,
  ClaimInfo,
  EntryInfo,
  Listed,
  LockInfo,
  OwnerProcess,
  PrefixItem,
  ResultInfo,
  StandbyInfo,
  TaskInfo,
} from '@go-go-scope/persistence-core/public'
import {
  anything,
  at,
  count,
  flag,
  listOf,
  nullable,
  number,
  type OptionalSchema,
  object,
  oneOf,
  optional,
  type Properties,
  type Schema,
  text,
} from './schema.js'

/** The expiry of an item that may never expire. */
export const EXPIRES_AT: OptionalSchema = optional(at('at which it expires; absent for no expiry'))

const OWNER = text('As the app named it, or host:pid:random where it gave no name')

const PROCESS = optional(
  object<OwnerProcess>({
    host: text('Of the process, where the owner was generated'),
    pid: count('Of the process'),
    alive: optional(flag('Whether a process of that number runs; absent where that cannot be told')),
  }),
)

/** The properties of every item. An item of an unreadable row has only these. */
const LISTED: Properties<Listed> = {
  prefix: nullable('The key prefix; null where it is not known'),
  key: text('Without the prefix'),
  cursor: text('Where the item stands'),
}

const UNREADABLE = object<{ code: string; message: string }>({
  code: text('Of docs/errors.md'),
  message: text('What cannot be read'),
})

/** Returns the schema of a list item, which has all of `Info`, or `unreadable` and the properties that could be read. */
function item<Info extends object>(info: Properties<Info>): Schema {
  const whole = object<Info>(info)
  const listed = object<Listed>(LISTED)
  return {
    type: 'object',
    properties: { ...listed.properties, ...whole.properties, unreadable: UNREADABLE },
    required: listed.required ?? [],
    anyOf: [{ required: whole.required ?? [] }, { required: ['unreadable'] }],
  }
}

export const LOCK: Schema = item<LockInfo>({
  owner: OWNER,
  process: PROCESS,
  token: count('Of the grant, for fencing and for lock release'),
  holds: count('How often its owner has it'),
  expiresAt: optional(at('at which the lease ends; absent for no expiry')),
  held: flag('Whether somebody holds it'),
})

/** The properties of a circuit that are both listed and exported. */
export const CIRCUIT_STATE: Properties<Omit<CircuitInfo, 'probes'>> = {
  state: oneOf(['closed', 'open', 'half-open'], 'Whether calls go through'),
  failures: count('Counted failures'),
  isolated: flag('Whether it is open until it is reset'),
  openedAt: optional(at('at which it opened; absent while it is closed')),
  lastFailureAt: optional(at('of the last failure')),
  lastSuccessAt: optional(at('of the last success')),
  updatedAt: at('of the last change'),
}

export const CIRCUIT: Schema = item<CircuitInfo>({
  ...CIRCUIT_STATE,
  probes: listOf(
    object<CircuitInfo['probes'][number]>({ owner: OWNER, process: PROCESS, until: at('at which its lease ends') }),
  ),
})

export const CLAIM: Schema = item<ClaimInfo>({
  owner: OWNER,
  process: PROCESS,
  generation: count('Of the claim, for claim free'),
  grantedAt: at('of the grant or the last renewal'),
  until: at('at which the lease ends'),
  held: flag('Whether somebody works on it'),
})

export const OUTCOME: Schema = oneOf(
  ['completed', 'failed', 'unstored'],
  'unstored: the work was done, and its result could not be stored',
)

export const RESULT: Schema = item<ResultInfo>({
  outcome: OUTCOME,
  bytes: count('Of the stored text'),
  expiresAt: EXPIRES_AT,
  expired: flag('Whether it has'),
  fingerprint: optional(text('What the key stands for; with --values')),
  value: optional(anything('The result or the error; with --values')),
})

export const TASK: Schema = item<TaskInfo>({
  checkpoints: count('How many it has'),
  latest: object<TaskInfo['latest']>({
    id: text('Of the checkpoint'),
    sequence: count('From 1'),
    progress: number('0 to 100'),
    timestamp: at('at which it was saved'),
    estimatedTimeRemaining: optional(number('ms')),
    bytes: count('Of the stored data'),
    data: optional(anything('With --values')),
  }),
})

export const ENTRY: Schema = item<EntryInfo>({
  bytes: count('Of the stored text'),
  expiresAt: EXPIRES_AT,
  expired: flag('Whether it has'),
  createdAt: optional(at('in whole seconds; absent where the database does not keep it')),
  value: optional(anything('With --values')),
})

export const PREFIX: Schema = object<PrefixItem>({
  prefix: text('A key prefix that is in use; empty for apps without one'),
  cursor: text('Where the item stands'),
})

export const STANDBY: Schema = object<StandbyInfo>({
  id: text('Of the standby'),
  position: count('The change up to which it had everything'),
  behind: count('Changes since then'),
  seenAt: at('of its last word'),
})

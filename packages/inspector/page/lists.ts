import type {
  CircuitInfo,
  ClaimInfo,
  EntryInfo,
  LockInfo,
  ResultInfo,
  ServedUser,
  StandbyInfo,
  TaskInfo,
} from '@go-go-scope/persistence-core/public'
import type { Action } from '../src/action.js'
import { bytes, duration } from '../src/format.js'
import type { Lists, Shown } from '../src/overview.js'
import { badge, type Column, left, owner, progress, since, text, until } from './columns.js'
import { count } from './format.js'
import { showStrip } from './strip.js'

/** A list of the page. */
export interface ListOf<Info> {
  readonly title: string
  /** The text of an empty list. */
  readonly none: string
  /** The heading of its keys. */
  readonly keys: string
  readonly columns: readonly Column<Info>[]
  /** Whether its items have values. */
  readonly values?: true
  /** Returns the buttons for the actions on an item. */
  readonly actions?: (item: Shown<Info>, prefix: string) => readonly ActionButton[]
}

/** A button for an action, which needs a confirmation. */
export interface ActionButton {
  readonly label: string
  readonly action: Action
}

const TASKS: ListOf<TaskInfo> = {
  title: 'Tasks',
  none: 'No task has a checkpoint. A task that saves some is here from its first one until it succeeds.',
  keys: 'Task',
  columns: [
    progress('Progress', ({ latest }) => latest?.progress),
    text('Saved', 'figure', ({ latest }, view) => since(latest?.timestamp, view)),
    text('Time left', 'figure', ({ latest }) =>
      latest?.estimatedTimeRemaining === undefined ? '' : `about ${duration(latest.estimatedTimeRemaining)}`,
    ),
    text('Checkpoints', 'figure', ({ checkpoints }) => (checkpoints === undefined ? '' : count(checkpoints))),
    text('Data', 'figure', ({ latest }) => (latest === undefined ? '' : bytes(latest.bytes))),
  ],
  values: true,
}

const LOCKS: ListOf<LockInfo> = {
  title: 'Locks',
  none: 'Nobody holds a lock in the database.',
  keys: 'Lock',
  columns: [
    owner('Holder'),
    text('Lease', 'figure', (lock, view) => (lock.unreadable === undefined ? left(lock.expiresAt, view) : '')),
    text('Token', 'figure', ({ token }) => (token === undefined ? '' : String(token))),
    text('Holds', 'figure', ({ holds }) => (holds === undefined ? '' : String(holds))),
  ],
  actions: ({ key, token }, prefix) =>
    token === undefined ? [] : [{ label: 'Release', action: { do: 'lock release', prefix, key, token } }],
}

/** Returns the state to show. An isolated circuit stays open until a user closes it. */
export const stateOf = ({ state, isolated }: Partial<CircuitInfo>): string =>
  isolated === true ? 'isolated' : (state ?? 'unknown')

const CIRCUITS: ListOf<CircuitInfo> = {
  title: 'Circuits',
  none: 'No circuit breaker has counted a call.',
  keys: 'Circuit',
  columns: [
    badge('State', (circuit) => {
      const state = stateOf(circuit)
      return [state, state === 'closed' ? 'good' : state === 'half-open' ? 'warn' : 'bad']
    }),
    text('Opened', 'figure', ({ openedAt }, view) => since(openedAt, view)),
    text('Failures', 'figure', ({ failures }) => (failures === undefined ? '' : count(failures))),
    text('Last failure', 'figure', ({ lastFailureAt }, view) => since(lastFailureAt, view)),
    {
      label: 'Since this page watches',
      className: 'history',
      show: (cell, item, { history, now }) => showStrip(cell, history.of(idOf(item)), now),
    },
  ],
  actions: (circuit, prefix) => {
    const { key } = circuit
    const reset: ActionButton = { label: 'Reset', action: { do: 'circuit reset', prefix, key } }
    const isolate: ActionButton = { label: 'Isolate', action: { do: 'circuit isolate', prefix, key } }
    const state = stateOf(circuit)
    return state === 'closed' ? [isolate] : state === 'isolated' ? [reset] : [reset, isolate]
  },
}

const CLAIMS: ListOf<ClaimInfo> = {
  title: 'Work under way',
  none: 'Nobody works on an idempotency key.',
  keys: 'Idempotency key',
  columns: [
    owner('Worker'),
    text('Lease', 'figure', (claim, view) => (claim.unreadable === undefined ? left(claim.until, view) : '')),
    text('Renewed', 'figure', ({ grantedAt }, view) => since(grantedAt, view)),
    text('Run', 'figure', ({ generation }) => (generation === undefined ? '' : String(generation))),
  ],
  actions: ({ key, generation }, prefix) =>
    generation === undefined ? [] : [{ label: 'Free', action: { do: 'claim free', prefix, key, generation } }],
}

const RESULTS: ListOf<ResultInfo> = {
  title: 'Results',
  none: 'No idempotency key has a result.',
  keys: 'Idempotency key',
  columns: [
    badge('Outcome', ({ outcome = 'unknown' }) => [
      outcome,
      outcome === 'completed' ? 'good' : outcome === 'failed' ? 'bad' : 'warn',
    ]),
    text('Expires', 'figure', ({ expiresAt }, view) => until(expiresAt, view)),
    text('Size', 'figure', ({ bytes: size }) => (size === undefined ? '' : bytes(size))),
  ],
  values: true,
  actions: ({ key }, prefix) => [{ label: 'Delete', action: { do: 'result delete', prefix, key } }],
}

const ENTRIES: ListOf<EntryInfo> = {
  title: 'Cache entries',
  none: 'No cache entry of this prefix begins so.',
  keys: 'Entry',
  columns: [
    text('Expires', 'figure', ({ expiresAt }, view) => until(expiresAt, view)),
    text('Written', 'figure', ({ createdAt }, view) => since(createdAt, view)),
    text('Size', 'figure', ({ bytes: size }) => (size === undefined ? '' : bytes(size))),
  ],
  values: true,
  actions: ({ key }, prefix) => [{ label: 'Delete', action: { do: 'entry delete', prefix, key } }],
}

/** The lists in the order of the page. */
export const LISTS: { readonly [Name in keyof Required<Lists>]: ListOf<never> } = {
  tasks: TASKS as ListOf<never>,
  locks: LOCKS as ListOf<never>,
  circuits: CIRCUITS as ListOf<never>,
  claims: CLAIMS as ListOf<never>,
  results: RESULTS as ListOf<never>,
  entries: ENTRIES as ListOf<never>,
}

export const CLIENTS: ListOf<ServedUser> = {
  title: 'Clients',
  none: 'The database is served to no thread or process.',
  keys: 'Client',
  columns: [
    text('Calls under way', 'figure', ({ calls }) => String(calls)),
    text('Locks in memory', 'figure', ({ locks }) => String(locks)),
    text('Lag', 'figure', ({ lag }) => `${Math.round(lag ?? 0)} ms`),
  ],
}

export const STANDBYS: ListOf<StandbyInfo> = {
  title: 'Standbys',
  none: 'No standby follows the file.',
  keys: 'Standby',
  columns: [
    text('Changes behind', 'figure', ({ behind = 0 }) => count(behind)),
    text('Seen', 'figure', ({ seenAt }, view) => since(seenAt, view)),
  ],
}

/** Returns a unique id of an item in its list. */
export const idOf = ({ prefix, key }: Shown<object>): string => JSON.stringify([prefix, key])

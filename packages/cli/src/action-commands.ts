import { db, prefix, startsWith, whole, yes } from './arguments.js'
import { type Command, defineCommand } from './command-line.js'
import { UsageError } from './exit-codes.js'
import { performAction } from './perform-action.js'

/** The second words of the actions, by their first word, which is the command. */
export const ACTIONS = {
  circuit: ['reset', 'isolate'],
  lock: ['release'],
  claim: ['free'],
  result: ['delete'],
  entry: ['delete'],
} as const

type Actions = typeof ACTIONS

/** The name of each action of a command. */
type ActionOf<Name extends keyof Actions> = { [N in Name]: `${N} ${Actions[N][number]}` }[Name]

const actionOf = (name: keyof Actions) =>
  ({ type: 'positional', required: true, description: ACTIONS[name].join(' or ') }) as const

/** @throws UsageError unless the command has that action. */
function checked<Name extends keyof Actions>(name: Name, given: string): ActionOf<Name> {
  const actions: readonly string[] = ACTIONS[name]
  if (actions.includes(given)) return `${name} ${given}` as ActionOf<Name>
  const named = actions.map((action) => `${name} ${action}`).join(' and ')
  throw new UsageError(`there is no ${name} ${given}; there ${actions.length === 1 ? 'is' : 'are'} ${named}`)
}

/** Returns a command for the actions on an item that its key alone names. */
function ofKey(name: 'circuit' | 'result' | 'entry', description: string): Command {
  return defineCommand({
    meta: { name, description },
    args: {
      db,
      action: actionOf(name),
      key: { type: 'positional', required: true, description: `the key of the ${name}` },
      prefix,
      yes,
    },
    run: ({ args: { db, action, key, prefix = '', yes } }) =>
      performAction(db, { do: checked(name, action), prefix, key }, { yes }),
  })
}

/** The commands that perform an action. */
export const ACTION_COMMANDS: Readonly<Record<string, Command>> = {
  circuit: ofKey('circuit', 'closes a circuit (reset), or opens it until it is reset (isolate)'),
  lock: defineCommand({
    meta: { name: 'lock', description: 'releases a lock, if it still has the given token' },
    args: {
      db,
      action: actionOf('lock'),
      key: { type: 'positional', required: true, description: 'the key of the lock' },
      token: { type: 'string', required: true, description: 'as `scopedb <db> locks` shows it', valueHint: 'N' },
      prefix,
      yes,
    },
    run: ({ args: { db, action, key, token, prefix = '', yes } }) =>
      performAction(db, { do: checked('lock', action), prefix, key, token: whole(token, 'token') ?? 0 }, { yes }),
  }),
  claim: defineCommand({
    meta: {
      name: 'claim',
      description: 'frees a claimed idempotency key before its lease ends, if its claim still has the given generation',
    },
    args: {
      db,
      action: actionOf('claim'),
      key: { type: 'positional', required: true, description: 'the claimed key' },
      generation: { type: 'string', required: true, description: 'as `scopedb <db> claims` shows it', valueHint: 'N' },
      prefix,
      yes,
    },
    run: ({ args: { db, action, key, generation: seen, prefix = '', yes } }) => {
      const generation = whole(seen, 'generation') ?? 0
      return performAction(db, { do: checked('claim', action), prefix, key, generation }, { yes })
    },
  }),
  result: ofKey('result', 'removes the result of an idempotency key, so that its work may run again'),
  entry: ofKey('entry', 'removes one cache entry'),
  clear: defineCommand({
    meta: {
      name: 'clear',
      description: 'removes the cache entries under a prefix: all, or those whose keys start with a text',
    },
    args: { db, prefix, 'starts-with': startsWith, yes },
    run: ({ args: { db, prefix = '', 'starts-with': startsWith, yes } }) => {
      // An empty variable in a script must not clear everything.
      if (startsWith === '') throw new UsageError('--starts-with is empty; leave it out to remove all of the prefix')
      return performAction(db, { do: 'clear', prefix, startsWith: startsWith ?? '' }, { yes })
    },
  }),
  prune: defineCommand({
    meta: { name: 'prune', description: 'removes expired rows, under every prefix' },
    args: { db, yes },
    run: ({ args: { db, yes } }) => performAction(db, { do: 'prune', prefix: '' }, { yes }),
  }),
}

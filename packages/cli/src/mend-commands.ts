import { defineCommand } from 'citty'
import { db, prefix, startsWith, whole, yes } from './arguments.js'
import { circuit, clear, deleteResult, freeClaim, prune, releaseLock } from './changes.js'
import type { Command } from './command-line.js'
import { UsageError } from './exit-codes.js'

/** What the commands can do that take an action. */
export const ACTIONS = {
  circuit: ['reset', 'isolate'],
  lock: ['release'],
  claim: ['free'],
  result: ['delete'],
} as const

type Actions = typeof ACTIONS

const actionOf = (name: keyof Actions) =>
  ({ type: 'positional', required: true, description: ACTIONS[name].join(' or ') }) as const

/** @throws UsageError unless the command has that action. */
function checkAction<Name extends keyof Actions>(name: Name, given: string): Actions[Name][number] {
  const actions: readonly string[] = ACTIONS[name]
  if (actions.includes(given)) return given as Actions[Name][number]
  const named = actions.map((action) => `${name} ${action}`).join(' and ')
  throw new UsageError(`there is no ${name} ${given}; there ${actions.length === 1 ? 'is' : 'are'} ${named}`)
}

/** The commands that change one thing, or what has expired. */
export const MEND: Readonly<Record<string, Command>> = {
  circuit: defineCommand({
    meta: { name: 'circuit', description: 'closes a circuit (reset), or opens it until it is reset (isolate)' },
    args: {
      db,
      action: actionOf('circuit'),
      key: { type: 'positional', required: true, description: 'of the circuit' },
      prefix,
      yes,
    },
    run: ({ args }) => circuit(args.db, checkAction('circuit', args.action), args.key, args),
  }),
  lock: defineCommand({
    meta: { name: 'lock', description: 'ends the hold of a lock, if it still has the token that was seen' },
    args: {
      db,
      action: actionOf('lock'),
      key: { type: 'positional', required: true, description: 'of the lock' },
      token: { type: 'string', required: true, description: 'as `scopedb <db> locks` shows it', valueHint: 'N' },
      prefix,
      yes,
    },
    run: ({ args }) => {
      checkAction('lock', args.action)
      return releaseLock(args.db, args.key, whole(args.token, 'token') ?? 0, args)
    },
  }),
  claim: defineCommand({
    meta: {
      name: 'claim',
      description: 'frees an idempotency key whose claimant is gone, if it has the generation that was seen',
    },
    args: {
      db,
      action: actionOf('claim'),
      key: { type: 'positional', required: true, description: 'that is claimed' },
      generation: { type: 'string', required: true, description: 'as `scopedb <db> claims` shows it', valueHint: 'N' },
      prefix,
      yes,
    },
    run: ({ args }) => {
      checkAction('claim', args.action)
      return freeClaim(args.db, args.key, whole(args.generation, 'generation') ?? 0, args)
    },
  }),
  result: defineCommand({
    meta: { name: 'result', description: 'removes the result of an idempotency key, so that its work may run again' },
    args: {
      db,
      action: actionOf('result'),
      key: { type: 'positional', required: true, description: 'of the result' },
      prefix,
      yes,
    },
    run: ({ args }) => {
      checkAction('result', args.action)
      return deleteResult(args.db, args.key, args)
    },
  }),
  clear: defineCommand({
    meta: { name: 'clear', description: 'removes cache entries' },
    args: { db, prefix, 'starts-with': startsWith, yes },
    run: ({ args }) => clear(args.db, args['starts-with'], args),
  }),
  prune: defineCommand({
    meta: { name: 'prune', description: 'removes what has expired' },
    args: { db, yes },
    run: ({ args }) => prune(args.db, args),
  }),
}

import { invalidArgument } from '@go-go-scope/persistence-core/integration'

/** The parameters of each action besides the prefix. Actions are named like the commands of `scopedb`. */
interface Takes {
  'lock release': { readonly key: string /** The one seen. A newer holder keeps its lock. */; readonly token: number }
  'claim free': { readonly key: string /** The one seen. A newer claim goes on. */; readonly generation: number }
  'circuit reset': OfKey
  'circuit isolate': OfKey
  'result delete': OfKey
  'entry delete': OfKey
  clear: {
    /** Only keys that begin with this text, taken literally; empty for all of the prefix. */ readonly startsWith: string
  }
  prune: object
}

interface OfKey {
  readonly key: string
}

export type ActionName = keyof Takes

/** A change that a user requests. */
export type Action = {
  [Name in ActionName]: {
    readonly do: Name /** Put before its key; `prune` looks at none. */
    readonly prefix: string
  } & Takes[Name]
}[ActionName]

const FIELDS: { readonly [Name in ActionName]: { readonly [Field in keyof Takes[Name]]-?: 'text' | 'number' } } = {
  'lock release': { key: 'text', token: 'number' },
  'claim free': { key: 'text', generation: 'number' },
  'circuit reset': { key: 'text' },
  'circuit isolate': { key: 'text' },
  'result delete': { key: 'text' },
  'entry delete': { key: 'text' },
  clear: { startsWith: 'text' },
  prune: {},
}

/** Parses an action. @throws PersistenceError `INVALID_ARGUMENT` */
export function readAction(given: unknown): Action {
  const sent = (typeof given === 'object' && given !== null ? given : {}) as Readonly<Record<string, unknown>>
  if (typeof sent.do !== 'string' || !Object.hasOwn(FIELDS, sent.do)) {
    throw invalidArgument('inspector', `do must be one of ${Object.keys(FIELDS).join(', ')}`)
  }
  const fields: Readonly<Record<string, 'text' | 'number'>> = { prefix: 'text', ...FIELDS[sent.do as ActionName] }
  for (const [name, kind] of Object.entries(fields)) {
    const value = sent[name]
    const fits = kind === 'text' ? typeof value === 'string' : Number.isSafeInteger(value)
    if (!fits) throw invalidArgument('inspector', `${name} must be a ${kind === 'text' ? 'text' : 'whole number'}`)
  }
  const unheard = Object.keys(sent).find((name) => name !== 'do' && !Object.hasOwn(fields, name))
  if (unheard !== undefined) throw invalidArgument('inspector', `${sent.do} takes no ${JSON.stringify(unheard)}`)
  return sent as unknown as Action
}

import type { Action } from './action.js'

/** Describes an action, to follow "This will …". @param show Formats a key or prefix. */
export function inWords(action: Action, show: (text: string) => string): string {
  const under = action.prefix === '' ? '' : ` of the prefix ${show(action.prefix)}`
  switch (action.do) {
    case 'lock release':
      return `release the lock ${show(action.key)}${under}, if its token is ${action.token}`
    case 'claim free':
      return `free the claim on ${show(action.key)}${under}, if its generation is ${action.generation}`
    case 'circuit reset':
      return `reset the circuit ${show(action.key)}${under}, so that calls go through`
    case 'circuit isolate':
      return `isolate the circuit ${show(action.key)}${under}: no call goes through until it is reset`
    case 'result delete':
      return `remove the result of ${show(action.key)}${under}, so that its work may run again`
    case 'entry delete':
      return `remove the cache entry ${show(action.key)}${under}`
    case 'clear': {
      const which = action.startsWith === '' ? '' : ` that begin with ${show(action.startsWith)}`
      return `remove the cache entries${which}${under || ' of apps without a prefix'}`
    }
    case 'prune':
      return 'remove what has expired, of all prefixes'
  }
}

export { act, type Changeable, NotAsNamedError } from './act.js'
export type { Action, ActionName } from './action.js'
export { inWords } from './action-in-words.js'

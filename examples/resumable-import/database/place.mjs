import { postgresPlace } from './postgres-place.mjs'
import { sqlitePlace } from './sqlite-place.mjs'

/**
 * Where the import puts its cities and its persistence: a file, or a database of a server.
 *
 * @typedef {object} Place
 * @property {string} name for people
 * @property {() => Promise<import('./engine.mjs').Engine>} open
 * @property {() => Promise<void>} explain fails with the reason for which it cannot be opened, if there is one
 * @property {import('@go-go-scope/persistence-sqlite').LockProvider} lock between all imports into this place
 * @property {() => Promise<void>} remove everything that imports have left here
 */

/**
 * @param {import('../arguments.mjs').Arguments} options
 * @returns {Promise<Place>}
 */
export function choosePlace({ frontEnd, file }) {
  return frontEnd === 'postgres' ? postgresPlace() : sqlitePlace(frontEnd, file)
}

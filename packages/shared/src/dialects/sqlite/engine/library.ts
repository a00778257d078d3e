/**
 * Returns an object that identifies the copy of the SQLite library behind a handle: the owner of its `close`, which is the same
 * for every handle of one class and for the class's prototype. Not the `constructor`, which some engines replace.
 */
export function libraryOf(handle: object): unknown {
  let owner: object | null = handle
  while (owner !== null && !Object.hasOwn(owner, 'close')) owner = Object.getPrototypeOf(owner)
  return owner
}

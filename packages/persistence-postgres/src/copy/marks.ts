import { randomUUID } from 'node:crypto'
import type { PersistenceError } from '@go-go-scope/persistence-core/dialect'
import { failure, type Mark } from './copy-source.js'
import type { Store } from './store.js'

/** @param name Of a target that is not there. @throws PersistenceError where the source cannot be copied to a new one. */
export async function refuseNewTarget(source: Store, name: string): Promise<void> {
  await refuseUnfilled(source)
  const left = await source.moved()
  if (left !== undefined && left.store !== name) throw movedTo(source, left)
}

async function refuseUnfilled(source: Store): Promise<void> {
  if ((await source.filling()) !== undefined)
    throw failure('MOVED', `${source.name} has not been filled to its end itself`)
}

function movedTo({ name }: Store, { store }: Mark): PersistenceError {
  return failure('MOVED', `${name} was moved to ${store}; name that, or unseal the source first`)
}

/** Which copy this is, and how far it has come. @throws PersistenceError where one of the two is in use for something else. */
export async function markOf(source: Store, target: Store): Promise<{ id: string; sealed: boolean; done: boolean }> {
  const [left, filling, filledBy] = [await source.moved(), await target.filling(), await target.filledBy()]
  await refuseUnfilled(source)
  const targetLeft = await target.moved()
  if (targetLeft !== undefined) throw failure('MOVED', `${target.name} was itself moved to ${targetLeft.store}`)
  if (left !== undefined && left.id === filledBy) return { id: left.id, sealed: true, done: true }
  if (filling !== undefined && filling.id !== left?.id) throw heldBy(target, filling)
  if (filling === undefined && (await target.occupied())) {
    throw failure('FILE_EXISTS', `${target.name} has rows already; name an empty schema or a file that does not exist`)
  }
  if (left !== undefined && filling === undefined && left.store !== target.name) throw movedTo(source, left)
  return { id: left?.id ?? randomUUID(), sealed: left !== undefined, done: false }
}

/** Marks the target as being filled by this copy. @throws PersistenceError where another one was first, or both are one store. */
export async function claim(source: Store, target: Store, id: string): Promise<void> {
  // Under whatever names.
  if ((await target.moved()) !== undefined)
    throw failure('INVALID_ARGUMENT', `${source.name} and ${target.name} are the same store`)
  const filling = await target.filling()
  if (filling === undefined) await target.copy.begin({ id, store: source.name }, await source.tables())
  else if (filling.id !== id) throw heldBy(target, filling)
}

/** Whether a target is certainly not filled by the copy. */
export async function isOfAnother(target: Store, id: string): Promise<boolean> {
  try {
    return (await target.filling())?.id !== id
  } catch {
    // It cannot be asked. The next run finds out.
    return false
  }
}

function heldBy(target: Store, { store }: Mark): PersistenceError {
  return failure(
    'FILE_EXISTS',
    `${target.name} holds a part of another copy, of ${store}; drop it, or name another target`,
  )
}

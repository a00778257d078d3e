import { randomUUID } from 'node:crypto'
import type { PersistenceError } from '@go-go-scope/persistence-core/dialect'
import { failure, type Mark } from './copy-source.js'
import type { Store } from './store.js'

/** @param name A target that does not exist. @throws PersistenceError if the source cannot be copied to a new target. */
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

/** Returns the id and the progress of the copy. @throws PersistenceError if one of the stores is in use for something else. */
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

/** Marks the target as being filled by this copy. @throws PersistenceError if another copy was first, or both are one store. */
export async function claim(source: Store, target: Store, id: string): Promise<void> {
  // Source and target may be two names of one store: then the target has our own seal.
  if ((await target.moved()) !== undefined)
    throw failure('INVALID_ARGUMENT', `${source.name} and ${target.name} are the same store`)
  const filling = await target.filling()
  if (filling === undefined) {
    try {
      return await target.copy.begin({ id, store: source.name }, await source.tables())
    } catch (error) {
      // Another copy may have been first.
      await markOf(source, target)
      if ((await target.filling()) === undefined) throw error
    }
  } else if (filling.id !== id) throw heldBy(target, filling)
}

/** Whether a target is certainly neither being filled nor filled by the copy. */
export async function isOfAnother(target: Store, id: string): Promise<boolean> {
  try {
    return (await target.filling())?.id !== id && (await target.filledBy()) !== id
  } catch {
    // The target cannot be read. The next run finds out.
    return false
  }
}

function heldBy(target: Store, { store }: Mark): PersistenceError {
  return failure(
    'FILE_EXISTS',
    `${target.name} holds a part of another copy, of ${store}; drop it, or name another target`,
  )
}

const keptOpen = new Set<object>()

/**
 * Keeps the handle of a second library reachable until the process ends. Closing it would do the damage that its refusal
 * prevents, and garbage collection closes it.
 */
export function keepOpen(handle: object): void {
  keptOpen.add(handle)
}

/** Returns whether this thread must not end, because that would close such a handle. */
export function keepsHandles(): boolean {
  return keptOpen.size > 0
}

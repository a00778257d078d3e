import type { Claimant } from './attempt.js'

/** Reader slots of one key: the number of processes that can read at a time. */
export const SLOTS = 16

export const gateKey = ({ key }: Claimant): string => `lock:write:${key}`

export const slotKey = ({ key }: Claimant, slot: number): string => `lock:read:${key}:${slot}`

/** A provider lets the same owner take a lock twice, so whoever must be kept out needs an owner of its own. */
export const ownerOfOne = ({ owner }: Claimant): string => `${owner}:${crypto.randomUUID()}`

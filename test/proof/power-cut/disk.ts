import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FileImage } from './file-image.js'
import type { Recorded } from './recording.js'

export type Change = Extract<Recorded, { type: 'write' | 'truncate' }>

const SECTOR_BYTES = 512

/** The durable content of a disk and the pending changes, at a point of a recording. */
export class Disk {
  readonly #names = new Map<number, string>()
  readonly #durable = new Map<string, FileImage>()
  readonly #pending = new Map<string, Change[]>()
  acknowledged = 0

  apply(event: Recorded): void {
    switch (event.type) {
      case 'acknowledge':
        this.acknowledged = event.last
        break
      case 'open':
        this.#names.set(event.file, event.name)
        if (!this.#durable.has(event.name)) this.#durable.set(event.name, new FileImage())
        break
      case 'remove':
        this.#durable.delete(event.name)
        this.#pending.delete(event.name)
        break
      case 'flush':
        this.#flush(this.#nameOf(event.file))
        break
      // A new file's name is durable at once here; copies/disk-of-names.ts tests names.
      case 'link':
      case 'rename':
      case 'flush-folder':
        break
      default:
        this.#changesOf(this.#nameOf(event.file)).push(event)
    }
  }

  /** Writes a state that a loss of power now may leave: all that was flushed and any part of the rest, even of one write. */
  leave(folder: string, random: () => number): void {
    mkdirSync(folder, { recursive: true })
    for (const [name, durable] of this.#durable) {
      writeFileSync(join(folder, name), afterCut(durable, this.#changesOf(name), random).content)
    }
  }

  #flush(name: string): void {
    const durable = this.#durable.get(name) ?? new FileImage()
    apply(this.#changesOf(name), durable)
    this.#durable.set(name, durable)
    this.#pending.set(name, [])
  }

  #changesOf(name: string): Change[] {
    let changes = this.#pending.get(name)
    if (changes === undefined) {
      changes = []
      this.#pending.set(name, changes)
    }
    return changes
  }

  #nameOf(file: number): string {
    const name = this.#names.get(file)
    if (name === undefined) throw new Error(`the recording uses file ${file} before it opens it`)
    return name
  }
}

/** Returns a possible content of a file after a loss of power: all that was flushed, and any part of the rest. */
export function afterCut(flushed: FileImage, pending: readonly Change[], random: () => number): FileImage {
  const kept = pending.flatMap((change) => survivor(change, random))
  const image = new FileImage(Buffer.from(flushed.content), endOf(kept))
  apply(kept, image)
  return image
}

function survivor(change: Change, random: () => number): Change[] {
  const luck = random()
  if (luck < 0.45) return []
  if (change.type === 'truncate' || luck < 0.9 || change.bytes.length <= SECTOR_BYTES) return [change]
  const sectors = Math.floor(random() * (change.bytes.length / SECTOR_BYTES))
  return [{ ...change, bytes: change.bytes.subarray(0, sectors * SECTOR_BYTES) }]
}

function endOf(changes: readonly Change[]): number {
  return Math.max(0, ...changes.map((change) => (change.type === 'write' ? change.offset + change.bytes.length : 0)))
}

export function apply(changes: readonly Change[], image: FileImage): void {
  for (const change of changes) {
    if (change.type === 'write') image.write(change.offset, change.bytes)
    else image.truncate(change.length)
  }
}

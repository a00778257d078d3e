import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterCut, apply, type Change } from '../power-cut/disk.js'
import { FileImage } from '../power-cut/file-image.js'
import type { Recorded } from '../power-cut/recording.js'

interface StoredFile {
  flushed: FileImage
  pending: Change[]
}

/** A change of the folder: the file that gets the name, or none. */
interface Naming {
  readonly names: readonly (readonly [name: string, file: StoredFile | undefined])[]
}

/**
 * A disk on which names are not durable until the folder is flushed: after a loss of power, each change since then is there or
 * not, independently of the others.
 */
export class DiskOfNames {
  /** The folder as the process sees it. */
  readonly #seen = new Map<string, StoredFile>()
  readonly #flushed = new Map<string, StoredFile>()
  #pending: Naming[] = []
  readonly #files = new Map<number, StoredFile>()
  acknowledged = 0

  apply(event: Recorded): void {
    switch (event.type) {
      case 'acknowledge':
        this.acknowledged = event.last
        break
      case 'open':
        this.#files.set(event.file, this.#seen.get(event.name) ?? this.#make(event.name))
        break
      case 'remove':
        this.#name([[event.name, undefined]])
        break
      case 'link':
        this.#name([[event.to, this.#seen.get(event.from)]])
        break
      case 'rename':
        this.#name([
          [event.to, this.#seen.get(event.from)],
          [event.from, undefined],
        ])
        break
      case 'flush-folder':
        for (const { names } of this.#pending) setAll(this.#flushed, names)
        this.#pending = []
        break
      case 'flush': {
        const file = this.#fileOf(event.file)
        apply(file.pending, file.flushed)
        file.pending = []
        break
      }
      default:
        this.#fileOf(event.file).pending.push(event)
    }
  }

  /** Writes a state that a loss of power now may leave. @param newest Whether of all pending names only the newest is there. */
  leave(folder: string, random: () => number, newest = false): void {
    mkdirSync(folder, { recursive: true })
    const names = new Map(this.#flushed)
    const last = this.#pending.at(-1)
    for (const naming of this.#pending) if (newest ? naming === last : random() < 0.5) setAll(names, naming.names)
    const images = new Map<StoredFile, FileImage>()
    for (const [name, file] of names) {
      const image = images.get(file) ?? afterCut(file.flushed, file.pending, random)
      images.set(file, image)
      writeFileSync(join(folder, name), image.content)
    }
  }

  #make(name: string): StoredFile {
    const file: StoredFile = { flushed: new FileImage(), pending: [] }
    this.#name([[name, file]])
    return file
  }

  #name(names: Naming['names']): void {
    setAll(this.#seen, names)
    this.#pending.push({ names })
  }

  #fileOf(number: number): StoredFile {
    const file = this.#files.get(number)
    if (file === undefined) throw new Error(`the recording uses file ${number} before it opens it`)
    return file
  }
}

function setAll(folder: Map<string, StoredFile>, names: Naming['names']): void {
  for (const [name, file] of names) {
    if (file === undefined) folder.delete(name)
    else folder.set(name, file)
  }
}

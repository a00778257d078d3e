/** An entry of the queue, for {@link PriorityQueue.remove}. */
export interface QueueNode<T> {
  readonly value: T
  readonly priority: number
  /** @internal */
  previous: QueueNode<T> | undefined
  /** @internal */
  next: QueueNode<T> | undefined
  /** @internal */
  queued: boolean
}

interface Level<T> {
  priority: number
  first: QueueNode<T> | undefined
  last: QueueNode<T> | undefined
}

/**
 * A queue with the highest priority first, and in order of arrival within a priority. Adding, taking and removing from
 * the middle cost O(1) in the number of entries (O(log levels) with several priorities), so a waiter that gives up is
 * removed at once.
 */
export class PriorityQueue<T> {
  /** Highest priority first; an empty level is dropped. */
  readonly #levels: Level<T>[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  peek(): T | undefined {
    return this.#levels[0]?.first?.value
  }

  add(value: T, priority = 0): QueueNode<T> {
    const level = this.#level(priority)
    const node: QueueNode<T> = { value, priority, previous: level.last, next: undefined, queued: true }
    if (level.last === undefined) level.first = node
    else level.last.next = node
    level.last = node
    this.#size++
    return node
  }

  shift(): T | undefined {
    const node = this.#levels[0]?.first
    if (node !== undefined) this.remove(node)
    return node?.value
  }

  /** Removes a node. Does nothing if it has left the queue. */
  remove(node: QueueNode<T>): void {
    if (!node.queued) return
    node.queued = false
    this.#size--
    const index = this.#indexOf(node.priority)
    const level = this.#levels[index] as Level<T>
    if (node.previous === undefined) level.first = node.next
    else node.previous.next = node.next
    if (node.next === undefined) level.last = node.previous
    else node.next.previous = node.previous
    if (level.first === undefined) this.#levels.splice(index, 1)
  }

  /** Removes all entries and returns them in order. */
  drain(): T[] {
    const values: T[] = []
    for (let value = this.shift(); value !== undefined; value = this.shift()) values.push(value)
    return values
  }

  #level(priority: number): Level<T> {
    const index = this.#indexOf(priority)
    const found = this.#levels[index]
    if (found?.priority === priority) return found
    const level: Level<T> = { priority, first: undefined, last: undefined }
    this.#levels.splice(index, 0, level)
    return level
  }

  /** Returns the index of the level for this priority, or where to insert it. */
  #indexOf(priority: number): number {
    let low = 0
    let high = this.#levels.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#levels[middle] as Level<T>).priority > priority) low = middle + 1
      else high = middle
    }
    return low
  }
}

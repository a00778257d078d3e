import type { SafeCall } from '../errors/reporter.js'

export interface ProvideOptions<T> {
  /** Called with the value when the scope that provided it ends. */
  dispose?: (value: T) => unknown
  /** `false`: the factory is called on every use, not once when it is provided. Default `true`. */
  singleton?: boolean
}

/** The services of one scope. A child starts with those of its parent. A scope disposes only what it provided itself. */
export class Services {
  /** The services that tasks get. A service that is created on every use is a getter. */
  readonly record: Record<string, unknown>
  readonly #disposers: (() => unknown)[] = []

  constructor(inherited: Services | undefined) {
    this.record = Object.defineProperties({}, Object.getOwnPropertyDescriptors(inherited?.record ?? {}))
  }

  has(key: string): boolean {
    return Object.hasOwn(this.record, key)
  }

  get(key: string): unknown {
    return this.has(key) ? this.record[key] : undefined
  }

  /** Adds or replaces a service. A function is a factory. A replaced value is still disposed at the end. */
  provide<T>(key: string, source: T | (() => T), { dispose, singleton = true }: ProvideOptions<T> = {}): void {
    const make = (): T => {
      const value = typeof source === 'function' ? (source as () => T)() : source
      if (dispose !== undefined) this.#disposers.push(() => dispose(value))
      return value
    }
    const property = singleton || typeof source !== 'function' ? { value: make() } : { get: make }
    Object.defineProperty(this.record, key, { ...property, enumerable: true, configurable: true })
  }

  /**
   * Disposes the services, last in, first out. Never rejects.
   *
   * @param onDispose Called after each disposer, with its error if it failed.
   */
  async dispose(call: SafeCall, onDispose: (index: number, error: unknown) => unknown): Promise<void> {
    for (let disposer = this.#disposers.pop(); disposer !== undefined; disposer = this.#disposers.pop()) {
      const dispose = disposer
      let failure: unknown
      await call('service disposer', async () => {
        try {
          await dispose()
        } catch (error) {
          failure = error
          throw error
        }
      })
      await call('onDispose', () => onDispose(this.#disposers.length, failure))
    }
  }
}

import type { EngineUnderTest, PortName } from '@go-go-scope/persistence-conformance'

type Adapter = Awaited<ReturnType<EngineUnderTest['SQLiteAdapter']['open']>>

/** A bug in one store: methods that replace the store's own. */
export type Bug<Name extends PortName> = (store: Adapter[Name]) => Partial<Adapter[Name]>

/** Returns `engine` with adapters whose store `name` has the bug `bug`. */
export function brokenEngine<Name extends PortName>(
  engine: EngineUnderTest,
  name: Name,
  bug: Bug<Name>,
): EngineUnderTest {
  class BrokenAdapter extends engine.SQLiteAdapter {
    constructor(...args: ConstructorParameters<EngineUnderTest['SQLiteAdapter']>) {
      super(...args)
      const store = (this as Adapter)[name]
      Object.defineProperty(this, name, { value: withMethods(store, bug(store)) })
    }
  }
  return { ...engine, SQLiteAdapter: BrokenAdapter }
}

/** Returns `store` with `methods` instead of its own. */
export function withMethods<Store extends object>(store: Store, methods: Partial<Store>): Store {
  return new Proxy(store, {
    get(target, property) {
      if (Object.hasOwn(methods, property)) return methods[property as keyof Store]
      const value: unknown = Reflect.get(target, property, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

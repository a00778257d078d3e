/** Serving an adapter to other threads and processes, and using one that is served. Loads no engine. */
export * from '@go-go-scope/persistence-core/remote'

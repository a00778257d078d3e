/** Values that go with a request: tasks get them as `ctx.context`. */
export class RequestContext {
  readonly requestContext: Record<string, unknown>

  /** @param inherited is copied. */
  constructor(inherited: Record<string, unknown> | undefined, own: Record<string, unknown> | undefined) {
    this.requestContext = { ...inherited, ...own }
  }

  setContext(key: string, value: unknown): this {
    this.requestContext[key] = value
    return this
  }

  getContext<T = unknown>(key: string): T | undefined {
    return this.hasContext(key) ? (this.requestContext[key] as T) : undefined
  }

  hasContext(key: string): boolean {
    return Object.hasOwn(this.requestContext, key)
  }

  /** Tells whether it was there. */
  removeContext(key: string): boolean {
    return this.hasContext(key) && delete this.requestContext[key]
  }

  /** A copy. */
  getAllContext(): Record<string, unknown> {
    return { ...this.requestContext }
  }
}

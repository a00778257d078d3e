/** Where a failure goes that must not become anybody's result: a throwing hook, listener, timer or store. */
export type Reporter = (source: string, error: unknown) => void

/** For objects made without a scope, which have nobody to tell. */
export const reportToNobody: Reporter = () => {}

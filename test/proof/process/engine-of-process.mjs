const [module = '', ...others] = process.argv.slice(2)

/** @type {{ engine: import('@go-go-scope/persistence-conformance').EngineUnderTest }} */
const { engine } = await import(module)

/** The engine of this process, and its other arguments. */
export { engine, others as processArguments }

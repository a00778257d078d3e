import configurations from './rolldown.config.mjs'

const [, types] = configurations

/** Of a package whose code is not bundled, because its processes and threads start files of it. */
export default types

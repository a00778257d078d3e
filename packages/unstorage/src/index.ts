export {
  type CacheOfDriver,
  type DriverCallOptions,
  type PersistenceDriver,
  type PersistenceDriverOptions,
  persistenceDriver,
  persistenceDriver as default,
} from './persistence-driver.js'

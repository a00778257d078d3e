// The smallest file: vitest runs large ones first.
import { companiesEnd } from '../proof/process/companies-end.js'

companiesEnd()

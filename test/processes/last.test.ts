// The smallest file, because vitest runs large files first.
import { companiesEnd } from '../proof/process/companies-end.js'

companiesEnd()

import { protocolRefusals } from '../../fixtures/refused/index.js'
import { itRefuses } from './support/refused.js'

itRefuses(protocolRefusals)

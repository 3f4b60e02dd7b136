import { protocolRefusals } from '../../fixtures/refused/index.js'
import { itRefuses } from '../testing/refused.js'

itRefuses(protocolRefusals)

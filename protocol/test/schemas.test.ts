import { itHoldsFor } from './support/schemas.js'

itHoldsFor([
  {
    name: 'request',
    statement: 'request',
    decoder: 'parse-request',
    beyond: [
      'a member twice',
      'now as a fraction',
      'root p',
      'acceptance 2^248',
      'policy 2^249',
      'services descend',
      'policies descend',
    ],
  },
  {
    name: 'acceptance-policy',
    statement: 'acceptance-policy',
    decoder: 'parse-acceptance',
    beyond: ['policy 2^249', 'a profile twice'],
  },
  {
    name: 'bundle',
    statement: 'bundle',
    decoder: 'parse-bundle',
    beyond: ['request 2^248', 'nullifier p'],
  },
  { name: 'head', statement: 'head', decoder: 'parse-head', beyond: ['root p', 'previous_root p'] },
])

import { itHoldsFor } from '../testing/schemas.js'

itHoldsFor([
  {
    name: 'request',
    statement: 'request',
    decoder: 'parse-request',
    version: 2,
    beyond: [
      'a member twice',
      'now as a fraction',
      'root p',
      'acceptance 2^248',
      'policy 2^249',
      'services descend',
      'policies descend',
      'a session that ends as it begins',
      'a session of a week and a minute',
      'a session by age',
      'a session with a question',
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
  { name: 'reply', statement: 'reply', decoder: 'parse-reply', beyond: [], version: 2 },
  { name: 'opening', statement: 'opening', decoder: 'parse-opening', beyond: [] },
  { name: 'ask', statement: 'ask', decoder: 'parse-ask', beyond: ['a member twice'], version: 2 },
  { name: 'answer', statement: 'answer', decoder: 'parse-answer', beyond: [] },
  { name: 'announcement', statement: 'announcement', decoder: 'parse-announcement', beyond: [] },
  { name: 'guest', statement: 'guest', decoder: 'parse-guest', beyond: ['smt_root p', 'services descend'] },
  {
    name: 'attestation-request',
    statement: 'attestation-request',
    decoder: 'parse-attestation-request',
    beyond: [],
  },
  { name: 'attestation', statement: 'attestation', decoder: 'parse-attestation', beyond: ['smt_root p'] },
])

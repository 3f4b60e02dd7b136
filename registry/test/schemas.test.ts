import { itHoldsFor } from '../../protocol/test/support/schemas.js'

itHoldsFor([
  {
    name: 'nonce-request',
    statement: 'nonce-request',
    decoder: 'parse-nonce-request',
    beyond: ['a member twice', 'credential p'],
  },
  {
    name: 'nonce',
    statement: 'nonce-ticket',
    decoder: 'parse-nonce-ticket',
    beyond: ['credential p'],
  },
  {
    name: 'enrollment',
    statement: 'enrollment',
    decoder: 'parse-enrollment',
    beyond: ['ticket for credential p', 'policy 2^249'],
  },
  {
    name: 'receipt',
    statement: 'receipt',
    decoder: 'parse-receipt',
    beyond: ['credential p', 'policy 2^249'],
  },
  {
    name: 'bucket-index',
    statement: 'bucket-index',
    decoder: 'parse-bucket-index',
    beyond: [
      'a root missing',
      'a root too many',
      'half a root',
      'leaves without a root',
      'a root without leaves',
    ],
  },
  {
    name: 'admission-policy',
    statement: 'admission-policy',
    decoder: 'parse-admission-policy',
    beyond: [
      'a member twice',
      'simulated beside genuine',
      'a root that nobody pinned',
      'the simulated root for genuine evidence',
      'a TCB without its root',
      'a quota over keys that name no machine',
    ],
  },
])

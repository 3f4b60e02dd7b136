import { toHex } from '@vouch/protocol'
import { chosen, type ExplainedField, type Meaning, zeros } from '../../core/explain.js'
import { parseCertificate } from '../../x509/certificate.js'
import { date } from '../../x509/chain.js'
import { parseDocument } from './document.js'
import { MEMBERS } from './layout.js'

/** A document has members, and no places for them: what lies where, their lengths say. */
export function explainDocument(bytes: Uint8Array): readonly ExplainedField[] {
  const { document, signature, isTagged } = parseDocument(bytes)
  const { moduleId, timestamp, pcrs, certificate, caBundle, publicKey, userData, nonce } = document
  const named: Meaning = (der) => parseCertificate(der).commonName
  const field = (name: string, value: Uint8Array | undefined, meaning?: Meaning): ExplainedField => {
    if (value === undefined) return { name, value: '', meaning: 'absent' }
    const words = meaning?.(value)
    const place =
      value.buffer === bytes.buffer ? { offset: value.byteOffset - bytes.byteOffset, size: value.length } : {}
    return { name, ...place, value: toHex(value), ...(words === undefined ? {} : { meaning: words }) }
  }
  const members: Readonly<Record<(typeof MEMBERS)[number], readonly ExplainedField[]>> = {
    module_id: [{ name: 'module_id', value: moduleId }],
    digest: [{ name: 'digest', value: 'SHA384' }],
    timestamp: [{ name: 'timestamp', value: `${timestamp}`, meaning: date(Math.floor(timestamp / 1000)) }],
    pcrs: [...pcrs].map(([number, value]) =>
      field(`pcrs[${number}]`, value, (register) =>
        number === 0 && zeros(register) ? 'zeros: debug mode' : zeros(register),
      ),
    ),
    certificate: [field('certificate', certificate, named)],
    cabundle: caBundle.map((value, i) => field(`cabundle[${i}]`, value, named)),
    public_key: [field('public_key', publicKey)],
    user_data: [field('user_data', userData, chosen)],
    nonce: [field('nonce', nonce, chosen)],
  }
  return [
    { name: 'COSE_Sign1', value: isTagged ? 'tagged 18' : 'without its tag', meaning: 'ES384' },
    ...MEMBERS.flatMap((name) => members[name]),
    field('signature', signature, () => 'r and s, big-endian'),
  ]
}

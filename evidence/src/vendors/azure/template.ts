import { rootsTemplate } from '../../core/policy/frame.js'
import { guestTemplate, LAYER_TEMPLATE } from '../dcap/template.js'
import { ENDORSEMENTS_TEMPLATE, GUEST_POLICY_TEMPLATE, tcbTemplate } from '../snp/template.js'
import { QUOTE_TEMPLATE } from '../tpm/template.js'
import { AZURE_SNP_ANCHORS, AZURE_TDX_ANCHORS } from './anchors.js'

// What a policy pins of Azure's machines, as YAML to be filled in.

export const azureSnpTemplate = (kind: string): string => `${rootsTemplate(AZURE_SNP_ANCHORS, kind)}
${ENDORSEMENTS_TEMPLATE}
    # MEASUREMENT of the layer below the guest, 48 bytes in hexadecimal. What the guest boots, the PCRs below say.
    measurements:
      - <measurement>
${GUEST_POLICY_TEMPLATE}
${tcbTemplate(AZURE_SNP_ANCHORS, kind)}
${QUOTE_TEMPLATE}`

export const azureTdxTemplate = (kind: string): string =>
  `${guestTemplate(rootsTemplate(AZURE_TDX_ANCHORS, kind), LAYER_TEMPLATE)}${QUOTE_TEMPLATE}`

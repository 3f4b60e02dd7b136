/** The services that have one address each, which their paths are below; lists have more, which certificates say. */
export const VENDOR_SERVICES = {
  'AMD KDS': 'https://kdsintf.amd.com',
  'Intel PCS': 'https://api.trustedservices.intel.com',
  'Intel root': 'https://certificates.trustedservices.intel.com',
} as const

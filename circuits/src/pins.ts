// Made by `npm run circuits`. Not edited.

export const PINS = {
  enroll: {
    vkHash: '189b44120c28eb7c0cdbb0a694316cc52e373263b4647744729c7d61608ee8e6',
    acirHash: 'ac70325aed40a0bf8db759b29c73f802551e69532143fa37fa14158921dbc571',
    publicInputs: 9,
    proofBytes: 8000,
    extent: 14564,
  },
  respond: {
    vkHash: '80f4fa6cda0b0e174f0198c377189bf93b564a83ba21fe78d1598c2d29307e3f',
    acirHash: '0d4ecb7165382f5b771e9a5d0b31316d44bec4b05f1acf392c89f732c36e40c6',
    publicInputs: 9,
    proofBytes: 8768,
    extent: 48440,
  },
} as const

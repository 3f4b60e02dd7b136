/** The package ships types, but its `exports` do not lead to them. Only what is used here. */
declare module '@zk-kit/sparse-merkle-tree' {
  export class SparseMerkleTree {
    constructor(hash: (children: bigint[]) => bigint, bigNumbers: true)
    readonly root: bigint
    add(key: bigint, value: bigint): void
    createProof(key: bigint): { readonly siblings: readonly bigint[]; readonly membership: boolean }
  }
}

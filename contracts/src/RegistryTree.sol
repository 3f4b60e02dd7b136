// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Poseidon2} from "./Poseidon2.sol";

/// @title The registry's tree: depth 20, filled from index 0, the same root as off chain
/// @notice Only the frontier is kept: of each height, the node that the next insertion will find on its left.
/// @dev `left[h]` means something when bit h of the size is set, and is written anew before that bit is set again. A removed leaf
/// may lie under one of these nodes: whoever removes it rewrites them, or the next insertion would bring it back.
library RegistryTree {
    uint256 internal constant DEPTH = 20;
    uint256 internal constant CAPACITY = 1 << DEPTH;

    struct Frontier {
        mapping(uint256 height => uint256 node) left;
    }

    error PathWrong(uint256 expected, uint256 computed);
    error SiblingTooLarge(uint256 sibling);

    /// @notice Puts a leaf at index `size`. The root is computed apart, so that a batch pays for it once.
    function push(Frontier storage frontier, uint256 size, uint256 leaf) internal {
        uint256 node = leaf;
        uint256 height = 0;
        for (; (size >> height) & 1 == 1; height++) node = Poseidon2.hash(frontier.left[height], node);
        frontier.left[height] = node;
    }

    /// @notice Root of the tree of so many leaves.
    function root(Frontier storage frontier, uint256 size) internal view returns (uint256 node) {
        bytes memory zeros = _zeros();
        if (size == 0) return _zero(zeros, DEPTH);
        uint256 height = 0;
        while ((size >> height) & 1 == 0) height++;
        node = frontier.left[height];
        for (bool first = true; height < DEPTH; height++) {
            bool left = !first && (size >> height) & 1 == 1;
            node = left ? Poseidon2.hash(frontier.left[height], node) : Poseidon2.hash(node, _zero(zeros, height));
            first = false;
        }
    }

    /// @notice Empties the leaf at `index`, whose path must lead to `current`; gives the root after that.
    function remove(
        Frontier storage frontier,
        uint256 size,
        uint256 index,
        uint256 leaf,
        uint256[20] calldata siblings,
        uint256 current
    ) internal returns (uint256 renewed) {
        uint256 old = leaf;
        for (uint256 height = 0; height < DEPTH; height++) {
            uint256 position = index >> height;
            if ((size >> height) & 1 == 1 && position == (size >> height) - 1) frontier.left[height] = renewed;
            uint256 sibling = siblings[height];
            if (sibling >= Poseidon2.P) revert SiblingTooLarge(sibling);
            (old, renewed) = position & 1 == 1
                ? (Poseidon2.hash(sibling, old), Poseidon2.hash(sibling, renewed))
                : (Poseidon2.hash(old, sibling), Poseidon2.hash(renewed, sibling));
        }
        if (old != current) revert PathWrong(current, old);
        if (size == CAPACITY) frontier.left[DEPTH] = renewed;
    }

    /// @notice Root of an empty tree.
    function emptyRoot() internal pure returns (uint256) {
        return _zero(_zeros(), DEPTH);
    }

    function _zero(bytes memory zeros, uint256 height) private pure returns (uint256 node) {
        assembly ("memory-safe") {
            node := mload(add(add(zeros, 0x20), shl(5, height)))
        }
    }

    /// @dev Roots of the empty subtrees of heights 0 to 20: Z(0) = 0, Z(i + 1) = P2(Z(i), Z(i)).
    function _zeros() private pure returns (bytes memory) {
        return
            hex"0000000000000000000000000000000000000000000000000000000000000000"
            hex"0b63a53787021a4a962a452c2921b3663aff1ffd8d5510540f8e659e782956f1"
            hex"0e34ac2c09f45a503d2908bcb12f1cbae5fa4065759c88d501c097506a8b2290"
            hex"21f9172d72fdcdafc312eee05cf5092980dda821da5b760a9fb8dbdf607c8a20"
            hex"2373ea368857ec7af97e7b470d705848e2bf93ed7bef142a490f2119bcf82d8e"
            hex"120157cfaaa49ce3da30f8b47879114977c24b266d58b0ac18b325d878aafddf"
            hex"01c28fe1059ae0237b72334700697bdf465e03df03986fe05200cadeda66bd76"
            hex"2d78ed82f93b61ba718b17c2dfe5b52375b4d37cbbed6f1fc98b47614b0cf21b"
            hex"067243231eddf4222f3911defbba7705aff06ed45960b27f6f91319196ef97e1"
            hex"1849b85f3c693693e732dfc4577217acc18295193bede09ce8b97ad910310972"
            hex"2a775ea761d20435b31fa2c33ff07663e24542ffb9e7b293dfce3042eb104686"
            hex"0f320b0703439a8114f81593de99cd0b8f3b9bf854601abb5b2ea0e8a3dda4a7"
            hex"0d07f6e7a8a0e9199d6d92801fff867002ff5b4808962f9da2ba5ce1bdd26a73"
            hex"1c4954081e324939350febc2b918a293ebcdaead01be95ec02fcbe8d2c1635d1"
            hex"0197f2171ef99c2d053ee1fb5ff5ab288d56b9b41b4716c9214a4d97facc4c4a"
            hex"2b9cdd484c5ba1e4d6efcc3f18734b5ac4c4a0b9102e2aeb48521a661d3feee9"
            hex"14f44d672eb357739e42463497f9fdac46623af863eea4d947ca00a497dcdeb3"
            hex"071d7627ae3b2eabda8a810227bf04206370ac78dbf6c372380182dbd3711fe3"
            hex"2fdc08d9fe075ac58cb8c00f98697861a13b3ab6f9d41a4e768f75e477475bf5"
            hex"20165fe405652104dceaeeca92950aa5adc571b8cafe192878cba58ff1be49c5"
            hex"1c8c3ca0b3a3d75850fcd4dc7bf1e3445cd0cfff3ca510630fd90b47e8a24755";
    }
}

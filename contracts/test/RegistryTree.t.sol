// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Poseidon2} from "../src/Poseidon2.sol";
import {RegistryTree} from "../src/RegistryTree.sol";
import {Nodes} from "./support/Nodes.sol";

/// @notice The tree alone, against one that is rebuilt from all leaves by the definition.
contract RegistryTreeTest is Nodes {
    uint256 private constant MANY = 9;

    RegistryTree.Frontier private _frontier;

    function test_OfEachSize_HasTheRootOfItsLeaves() public {
        assertEq(RegistryTree.root(_frontier, 0), rebuilt());
        assertEq(RegistryTree.emptyRoot(), rebuilt());
        for (uint256 i = 0; i < MANY; i++) _push(i + 1);
    }

    function test_WithoutALeaf_HasTheRootOfTheOthers_WhateverComesAfter() public {
        for (uint256 size = 1; size <= MANY; size++) {
            _push(size);
            for (uint256 index = 0; index < size; index++) {
                uint256 snapshot = vm.snapshotState();
                _remove(index, leaves[index]);
                leaves[index] = 0;
                assertEq(RegistryTree.root(_frontier, size), rebuilt());
                _push(77);
                vm.revertToState(snapshot);
            }
        }
    }

    function test_TheLastLeaf_IsRemovedFromAFullTree() public {
        // As after 2^20 insertions, of which only the last left a leaf that is not empty.
        uint256 leaf = 5;
        uint256[20] memory siblings;
        uint256 node = leaf;
        uint256 empty = 0;
        for (uint256 height = 0; height < 20; height++) {
            siblings[height] = empty;
            node = Poseidon2.hash(empty, node);
            empty = Poseidon2.hash(empty, empty);
        }
        _frontier.left[20] = node;
        assertEq(RegistryTree.root(_frontier, 1 << 20), node);
        assertEq(this.removing(1 << 20, (1 << 20) - 1, leaf, siblings, node), empty);
        assertEq(RegistryTree.root(_frontier, 1 << 20), empty);
    }

    function test_RevertRemove_WhenThePathIsAnother() public {
        for (uint256 i = 0; i < 3; i++) _push(i + 1);
        for (uint256 height = 0; height < 20; height++) {
            uint256[20] memory siblings = siblingsOf(1);
            siblings[height] ^= 1;
            vm.expectPartialRevert(RegistryTree.PathWrong.selector);
            this.removing(3, 1, 2, siblings, rebuilt());
            siblings[height] = Poseidon2.P;
            vm.expectPartialRevert(RegistryTree.SiblingTooLarge.selector);
            this.removing(3, 1, 2, siblings, rebuilt());
            siblings[height] = Poseidon2.P - 1;
            vm.expectPartialRevert(RegistryTree.PathWrong.selector);
            this.removing(3, 1, 2, siblings, rebuilt());
        }
    }

    /// @dev Siblings come as calldata.
    function removing(uint256 size, uint256 index, uint256 leaf, uint256[20] calldata siblings, uint256 current)
        external
        returns (uint256)
    {
        return RegistryTree.remove(_frontier, size, index, leaf, siblings, current);
    }

    function _push(uint256 leaf) private {
        RegistryTree.push(_frontier, leaves.length, leaf);
        leaves.push(leaf);
        assertEq(RegistryTree.root(_frontier, leaves.length), rebuilt());
    }

    function _remove(uint256 index, uint256 leaf) private {
        this.removing(leaves.length, index, leaf, siblingsOf(index), rebuilt());
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.13;

import {Poseidon2} from "./Poseidon2.sol";

/// @title The protocol's statements, as far as contracts compute them
/// @notice Byte for byte those of docs/protocol.md; the vectors in `fixtures/vectors` hold all implementations together.
library Statements {
    uint256 internal constant TAG_LEAF = 0xf5105da497834157cd0db20f159aa5f7222dc3a8b05d09a8f752e2e7726ce3;
    uint256 internal constant TAG_SERVICE = 0xc92a47a57fd5adff8ae129d1c80e512ad85d3a91032ef1f55a2133e2cc7c93;
    uint256 internal constant TAG_POLICY = 0xd2a15d094d5698e7c1ed472cf217d785d0f8b95bfcbe1e720bdb98d385db07;

    /// @notice Ids of policies that admit simulated evidence start here, and all ids end below twice that.
    uint256 internal constant SIMULATED_POLICIES = 1 << 248;
    uint256 internal constant POLICY_ID_LIMIT = 1 << 249;

    uint256 private constant POLICIES_DEPTH = 4;
    uint256 private constant SERVICES_DEPTH = 8;

    /// @notice `field(domain, x)`: the first 31 bytes of a SHA-256, so always below P.
    function field(bytes memory domainAndContent) internal pure returns (uint256) {
        return uint256(sha256(domainAndContent)) >> 8;
    }

    /// @notice How a registry on this chain is known. The chain's id is the live one: a fork is another registry.
    function registryId(address registry) internal view returns (bytes32) {
        return sha256(abi.encodePacked("vouch-registry-evm-v1", block.chainid, registry));
    }

    /// @notice How a contract that verifies is known.
    function verifierId(address verifier) internal view returns (bytes32) {
        return sha256(abi.encodePacked("vouch-verifier-evm-v1", block.chainid, verifier));
    }

    /// @notice Within what nullifiers of one holder are equal.
    function scope(bytes32 verifier, bool hasContext, bytes32 within) internal pure returns (uint256) {
        return field(abi.encodePacked("vouch-scope-v1", verifier, hasContext, within));
    }

    /// @notice Leaf of the registry.
    function leaf(uint256 credential, uint256 policyId, uint256 expiresAt) internal pure returns (uint256) {
        return Poseidon2.hash(TAG_LEAF, credential, policyId, expiresAt);
    }

    /// @notice Root over policy ids in ascending order.
    function policiesRoot(uint256[] memory ids) internal pure returns (uint256) {
        uint256[] memory leaves = new uint256[](ids.length);
        for (uint256 i = 0; i < ids.length; i++) leaves[i] = Poseidon2.hash(TAG_POLICY, ids[i], 0);
        return _root(POLICIES_DEPTH, leaves);
    }

    /// @notice Root over services in ascending order of what identifies their code.
    function servicesRoot(bytes32[] memory drvs) internal pure returns (uint256) {
        uint256[] memory leaves = new uint256[](drvs.length);
        for (uint256 i = 0; i < drvs.length; i++) {
            uint256 drv = uint256(drvs[i]);
            leaves[i] = Poseidon2.hash(TAG_SERVICE, drv >> 128, uint128(drv));
        }
        return _root(SERVICES_DEPTH, leaves);
    }

    /// @dev Root of a tree of fixed depth over its first leaves. Overwrites them.
    function _root(uint256 depth, uint256[] memory nodes) private pure returns (uint256) {
        uint256 width = nodes.length;
        uint256 empty = 0;
        for (uint256 height = 0; height < depth; height++) {
            uint256 above = (width + 1) / 2;
            for (uint256 i = 0; i < above; i++) {
                nodes[i] = Poseidon2.hash(nodes[2 * i], 2 * i + 1 < width ? nodes[2 * i + 1] : empty);
            }
            empty = Poseidon2.hash(empty, empty);
            width = above;
        }
        return nodes[0];
    }
}

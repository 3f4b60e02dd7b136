// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CredentialRegistry} from "../../src/CredentialRegistry.sol";
import {Signatures} from "../../src/Signatures.sol";
import {TrustNodes} from "../../src/TrustNodes.sol";
import {Poseidon2} from "../../src/Poseidon2.sol";
import {Statements} from "../../src/Statements.sol";
import {Check} from "./Check.sol";

/// @notice Nodes with known keys, a registry of theirs, and what they sign.
abstract contract Nodes is Check {
    uint256 internal constant NOON = 1_800_000_000;
    uint256 internal constant POLICY = 0xaa55;
    uint256 internal constant SIMULATED = (1 << 248) + 7;
    uint32 internal constant DELAY = 1 days;
    bytes32 internal constant ADMISSION = keccak256(
        "Admission(uint256 credential,uint256 policyId,uint64 expiresAt,bytes32 evidenceHash,uint64 blockNumber,uint64 deadline,uint32 setVersion)"
    );
    bytes32 internal constant REMOVAL =
        keccak256("Removal(uint256 credential,bool forCause,bytes32 reason,uint64 deadline,uint32 setVersion)");
    bytes32 internal constant CHANGE =
        keccak256("Change(uint8 kind,bytes32 subject,uint64 sequence,uint64 deadline,uint32 setVersion)");

    CredentialRegistry internal registry;
    /// @dev Keys of members, in the order of their addresses.
    uint256[] internal keys;
    /// @dev Every leaf as off chain: what the tree is rebuilt from.
    uint256[] internal leaves;

    function begin(uint256 members, uint8 floor) internal {
        vm.warp(NOON);
        vm.roll(1000);
        registry = new CredentialRegistry(genesisOf(members, floor));
    }

    function genesisOf(uint256 members, uint8 floor) internal returns (TrustNodes.Genesis memory genesis) {
        delete keys;
        for (uint256 i = 0; i < members; i++) addKey(uint256(keccak256(abi.encode("node", i))));
        genesis.members = new address[](members);
        for (uint256 i = 0; i < members; i++) genesis.members[i] = vm.addr(keys[i]);
        genesis.policies = new uint256[](1);
        genesis.policies[0] = POLICY;
        genesis.anchors = new bytes32[](1);
        genesis.anchors[0] = keccak256("a vendor's root");
        (genesis.floor, genesis.strikeLimit, genesis.delay, genesis.nonceBlocks) = (floor, 2, DELAY, 256);
    }

    function addKey(uint256 key) internal {
        keys.push(key);
        for (uint256 i = keys.length - 1; i > 0 && vm.addr(keys[i]) < vm.addr(keys[i - 1]); i--) {
            (keys[i], keys[i - 1]) = (keys[i - 1], keys[i]);
        }
    }

    function admissionOf(uint256 credential) internal view returns (CredentialRegistry.Admission memory) {
        return CredentialRegistry.Admission({
            credential: credential,
            policyId: POLICY,
            expiresAt: uint64(block.timestamp - block.timestamp % 1 hours + 48 hours),
            evidenceHash: keccak256(abi.encode("salted", credential)),
            blockNumber: uint64(block.number - 1),
            deadline: uint64(block.timestamp + 600),
            setVersion: registry.setVersion()
        });
    }

    function removalOf(uint256 credential, bool forCause) internal view returns (CredentialRegistry.Removal memory) {
        return CredentialRegistry.Removal(
            credential, forCause, keccak256("why"), uint64(block.timestamp + 600), registry.setVersion()
        );
    }

    function changeOf(TrustNodes.Kind kind, bytes32 subject) internal view returns (TrustNodes.Change memory) {
        return TrustNodes.Change(
            kind, subject, registry.sequence(), uint64(block.timestamp + 600), registry.setVersion()
        );
    }

    function digestOf(bytes memory content) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", registry.domainSeparator(), keccak256(content)));
    }

    function digestOf(CredentialRegistry.Admission memory admission) internal view returns (bytes32) {
        return digestOf(abi.encode(ADMISSION, admission));
    }

    function digestOf(CredentialRegistry.Removal memory removal) internal view returns (bytes32) {
        return digestOf(abi.encode(REMOVAL, removal));
    }

    function digestOf(TrustNodes.Change memory change) internal view returns (bytes32) {
        return digestOf(abi.encode(CHANGE, change));
    }

    function sign(uint256 key, bytes32 digest) internal pure returns (Signatures.Signature memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return Signatures.Signature(r, bytes32(uint256(s) | (uint256(v - 27) << 255)));
    }

    /// @notice By the first so many members in the order of their addresses.
    function signedBy(uint256 count, bytes32 digest) internal view returns (Signatures.Signature[] memory) {
        return signedByThose((1 << count) - 1, digest);
    }

    /// @notice By those members whose bits are set: bit i is for the one with the i-th address.
    function signedByThose(uint256 who, bytes32 digest)
        internal
        view
        returns (Signatures.Signature[] memory signatures)
    {
        uint256 count;
        for (uint256 bits = who; bits != 0; bits &= bits - 1) count++;
        signatures = new Signatures.Signature[](count);
        for (uint256 i = keys.length; i > 0; i--) {
            if ((who >> (i - 1)) & 1 == 1) signatures[--count] = sign(keys[i - 1], digest);
        }
    }

    function quorum(bytes32 digest) internal view returns (Signatures.Signature[] memory) {
        return signedBy(registry.threshold(), digest);
    }

    function admit(uint256 credential) internal {
        admitBy((1 << registry.threshold()) - 1, credential);
    }

    function admitBy(uint256 who, uint256 credential) internal {
        CredentialRegistry.Admission memory admission = admissionOf(credential);
        registry.admit(admission, signedByThose(who, digestOf(admission)));
        leaves.push(leafOf(admission));
    }

    function leafOf(CredentialRegistry.Admission memory a) internal pure returns (uint256) {
        return Statements.leaf(a.credential, a.policyId, a.expiresAt);
    }

    function remove(uint256 index, CredentialRegistry.Admission memory admitted, bool forCause) internal {
        removeBy((1 << registry.threshold()) - 1, index, admitted, forCause);
    }

    function removeBy(uint256 who, uint256 index, CredentialRegistry.Admission memory admitted, bool forCause)
        internal
    {
        CredentialRegistry.Removal memory removal = removalOf(admitted.credential, forCause);
        registry.remove(removal, placeOf(index, admitted), signedByThose(who, digestOf(removal)));
        leaves[index] = 0;
    }

    function placeOf(uint256 index, CredentialRegistry.Admission memory admitted)
        internal
        view
        returns (CredentialRegistry.Place memory)
    {
        return CredentialRegistry.Place(admitted.policyId, admitted.expiresAt, siblingsOf(index));
    }

    function decide(TrustNodes.Kind kind, bytes32 subject) internal returns (uint64) {
        return decideBy((1 << registry.threshold()) - 1, kind, subject);
    }

    function decideBy(uint256 who, TrustNodes.Kind kind, bytes32 subject) internal returns (uint64) {
        TrustNodes.Change memory change = changeOf(kind, subject);
        registry.schedule(change, signedByThose(who, digestOf(change)));
        return registry.changes();
    }

    /// @notice Decides, waits, and carries out.
    function carry(TrustNodes.Kind kind, bytes32 subject) internal {
        carryBy((1 << registry.threshold()) - 1, kind, subject);
    }

    function carryBy(uint256 who, TrustNodes.Kind kind, bytes32 subject) internal {
        uint64 id = decideBy(who, kind, subject);
        vm.warp(block.timestamp + DELAY);
        registry.execute(id);
    }

    function asSubject(address account) internal pure returns (bytes32) {
        return bytes32(uint256(uint160(account)));
    }

    /// @notice The root over all leaves, by the definition: nothing of the frontier is in it.
    function rebuilt() internal view returns (uint256) {
        return rootOver(leaves);
    }

    function rootOver(uint256[] memory layer) internal pure returns (uint256 root) {
        (root,) = _climb(layer, 0);
    }

    function siblingsOf(uint256 index) internal view returns (uint256[20] memory siblings) {
        (, siblings) = _climb(leaves, index);
    }

    function _climb(uint256[] memory layer, uint256 index) private pure returns (uint256, uint256[20] memory siblings) {
        uint256 empty = 0;
        for (uint256 height = 0; height < 20; height++) {
            uint256 beside = (index >> height) ^ 1;
            siblings[height] = beside < layer.length ? layer[beside] : empty;
            uint256[] memory above = new uint256[]((layer.length + 1) / 2);
            for (uint256 i = 0; i < above.length; i++) {
                above[i] = Poseidon2.hash(layer[2 * i], 2 * i + 1 < layer.length ? layer[2 * i + 1] : empty);
            }
            empty = Poseidon2.hash(empty, empty);
            layer = above;
        }
        return (layer.length == 0 ? empty : layer[0], siblings);
    }
}

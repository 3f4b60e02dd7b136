// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CredentialRegistry} from "../src/CredentialRegistry.sol";
import {Signatures} from "../src/Signatures.sol";
import {TrustNodes} from "../src/TrustNodes.sol";
import {Calldata} from "./support/Calldata.sol";

contract CalldataTest is Calldata {
    function setUp() public {
        begin(3, 2);
        admit(1);
        admit(2);
    }

    function test_CutAnywhere_IsRefused() public {
        bytes[5] memory calls = _honest();
        for (uint256 i = 0; i < calls.length; i++) refuseCut(address(registry), calls[i]);
    }

    function test_WithAnyWordChanged_IsRefused() public {
        bytes[5] memory calls = _honest();
        for (uint256 i = 0; i < calls.length; i++) refuseChanged(address(registry), calls[i]);
    }

    function test_WithValuesOutOfTheirTypes_IsRefused() public {
        bytes[5] memory calls = _honest();
        address target = address(registry);
        // Expiry, block, deadline and version of an admission.
        uint8[4] memory numbers = [2, 4, 5, 6];
        for (uint256 i = 0; i < 4; i++) refuseTyped(target, calls[0], numbers[i], 1 << (i == 3 ? 32 : 64));
        // The cause of a removal is a bool, and a change's kind one of ten.
        refuseTyped(target, calls[2], 1, 2);
        refuseTyped(target, calls[3], 0, 10);
        refuseTyped(target, calls[3], 0, 256);
        refuseTyped(target, calls[3], 2, 1 << 64);
        refuseTyped(target, calls[4], 0, 1 << 64);
    }

    function test_AnUnknownSelector_IsRefused() public {
        bytes32 before = fingerprint();
        (bool done, bytes memory why) = address(registry).call(new bytes(40));
        assertTrue(!done && why.length == 0 && fingerprint() == before, "took it");
    }

    function fingerprint() internal view override returns (bytes32) {
        bytes memory tree = abi.encode(registry.root(), registry.size(), registry.epoch(), registry.sequence());
        bytes memory set = abi.encode(registry.setVersion(), registry.memberCount(), registry.changes());
        for (uint256 i = 0; i < keys.length; i++) {
            (uint8 slot, uint8 strikes, uint32 since, uint64 leaving) = registry.members(vm.addr(keys[i]));
            set = abi.encode(set, slot, strikes, since, leaving);
        }
        for (uint256 i = 1; i <= 4; i++) {
            (uint32 place,,, bool removed) = registry.records(i);
            tree = abi.encode(tree, place, removed);
        }
        return keccak256(abi.encode(tree, set, registry.paused(), registry.isPolicy(9)));
    }

    /// @dev Of each entrance one call that succeeds: admit, admitBatch, remove, schedule, execute.
    function _honest() private returns (bytes[5] memory calls) {
        uint64 waiting = decide(TrustNodes.Kind.AddPolicy, bytes32(uint256(9)));
        CredentialRegistry.Admission[] memory admissions = new CredentialRegistry.Admission[](2);
        Signatures.Signature[][] memory signatures = new Signatures.Signature[][](2);
        CredentialRegistry.Admission memory there = admissionOf(1);
        vm.warp(block.timestamp + DELAY);
        for (uint256 i = 0; i < 2; i++) {
            admissions[i] = admissionOf(i + 3);
            signatures[i] = quorum(digestOf(admissions[i]));
        }
        calls[0] = abi.encodeCall(registry.admit, (admissions[0], signatures[0]));
        calls[1] = abi.encodeCall(registry.admitBatch, (admissions, signatures));
        CredentialRegistry.Removal memory removal = removalOf(1, true);
        calls[2] = abi.encodeCall(registry.remove, (removal, placeOf(0, there), quorum(digestOf(removal))));
        TrustNodes.Change memory change = changeOf(TrustNodes.Kind.AddPolicy, bytes32(uint256(10)));
        calls[3] = abi.encodeCall(registry.schedule, (change, quorum(digestOf(change))));
        calls[4] = abi.encodeCall(registry.execute, (waiting));
    }
}

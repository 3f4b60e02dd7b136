// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CredentialRegistry} from "../src/CredentialRegistry.sol";
import {Poseidon2} from "../src/Poseidon2.sol";
import {RegistryTree} from "../src/RegistryTree.sol";
import {Signatures} from "../src/Signatures.sol";
import {Statements} from "../src/Statements.sol";
import {TrustNodes} from "../src/TrustNodes.sol";
import {Vm} from "./support/Check.sol";
import {Nodes} from "./support/Nodes.sol";

contract CredentialRegistryTest is Nodes {
    function setUp() public {
        begin(3, 2);
    }

    // Admission

    function test_AnAdmissionMakesTheLeafItself_AndTheRootOffChain() public {
        for (uint256 i = 1; i <= 9; i++) {
            admit(i);
            assertEq(registry.root(), rebuilt());
        }
        assertEq(registry.size(), 9);
    }

    function test_ABatchMakesTheSameRootAsOneByOne() public {
        admit(100);
        CredentialRegistry.Admission[] memory admissions = new CredentialRegistry.Admission[](5);
        Signatures.Signature[][] memory signatures = new Signatures.Signature[][](5);
        for (uint256 i = 0; i < 5; i++) {
            admissions[i] = admissionOf(i + 1);
            signatures[i] = quorum(digestOf(admissions[i]));
            leaves.push(leafOf(admissions[i]));
        }
        registry.admitBatch(admissions, signatures);
        assertEq(registry.root(), rebuilt());
    }

    function test_ABatchIsAllOrNothing() public {
        CredentialRegistry.Admission[] memory admissions = new CredentialRegistry.Admission[](2);
        Signatures.Signature[][] memory signatures = new Signatures.Signature[][](2);
        for (uint256 i = 0; i < 2; i++) {
            admissions[i] = admissionOf(7);
            signatures[i] = quorum(digestOf(admissions[i]));
        }
        vm.expectPartialRevert(CredentialRegistry.CredentialKnown.selector);
        registry.admitBatch(admissions, signatures);
        assertEq(registry.size(), 0);
    }

    function test_RevertAdmitBatch_WhenEmpty() public {
        vm.expectPartialRevert(CredentialRegistry.NothingToAdmit.selector);
        registry.admitBatch(new CredentialRegistry.Admission[](0), new Signatures.Signature[][](0));
    }

    function test_RevertAdmitBatch_WhenListsDiffer() public {
        vm.expectPartialRevert(CredentialRegistry.ListsDiffer.selector);
        registry.admitBatch(new CredentialRegistry.Admission[](2), new Signatures.Signature[][](1));
    }

    function test_RevertAdmit_WhenKnown() public {
        admit(1);
        refuse(admissionOf(1), CredentialRegistry.CredentialKnown.selector);
    }

    function test_RevertAdmit_WhenCredentialIsNoFieldElement() public {
        refuse(admissionOf(0), CredentialRegistry.CredentialInvalid.selector);
        refuse(admissionOf(Poseidon2.P), CredentialRegistry.CredentialInvalid.selector);
        refuse(admissionOf(type(uint256).max), CredentialRegistry.CredentialInvalid.selector);
    }

    function test_RevertAdmit_WhenPolicyIsNotAccepted() public {
        CredentialRegistry.Admission memory admission = admissionOf(1);
        admission.policyId = POLICY + 1;
        refuse(admission, TrustNodes.PolicyNotAccepted.selector);
    }

    function test_RevertAdmit_WhenPolicyWasRetired() public {
        carry(TrustNodes.Kind.RetirePolicy, bytes32(POLICY));
        refuse(admissionOf(1), TrustNodes.PolicyNotAccepted.selector);
    }

    function test_RevertAdmit_WhenExpiryIsOffItsGridOrRange() public {
        CredentialRegistry.Admission memory admission = admissionOf(1);
        uint64 hour = uint64(NOON - NOON % 1 hours);
        uint64[4] memory wrong = [admission.expiresAt + 1, hour, hour + 8 days, 0];
        for (uint256 i = 0; i < wrong.length; i++) {
            admission.expiresAt = wrong[i];
            refuse(admission, CredentialRegistry.ExpiryInvalid.selector);
        }
        vm.warp(hour);
        admission.expiresAt = hour + 7 days + 1 hours;
        refuse(admission, CredentialRegistry.ExpiryInvalid.selector);
        admission.expiresAt = hour + 1 hours;
        registry.admit(admission, quorum(digestOf(admission)));
    }

    function test_RevertAdmit_WhenDeadlineHasPassed() public {
        CredentialRegistry.Admission memory admission = admissionOf(1);
        vm.warp(admission.deadline + 1);
        refuse(admission, TrustNodes.DeadlinePassed.selector);
    }

    function test_RevertAdmit_WhenNonceBlockIsOldOrToCome() public {
        CredentialRegistry.Admission memory admission = admissionOf(1);
        admission.blockNumber = uint64(block.number);
        refuse(admission, CredentialRegistry.NonceBlockInvalid.selector);
        admission.blockNumber = uint64(block.number - 257);
        refuse(admission, CredentialRegistry.NonceBlockInvalid.selector);
        admission.blockNumber = uint64(block.number - 256);
        registry.admit(admission, quorum(digestOf(admission)));
    }

    function test_RevertAdmit_WhenFull() public {
        setSize(uint32(RegistryTree.CAPACITY));
        refuse(admissionOf(1), CredentialRegistry.RegistryFull.selector);
    }

    function test_TheLastLeafFits_AndCanBeRemoved() public {
        // Any frontier will do, as long as the last leaf's path is known: siblings on its left are these nodes.
        setSize(uint32(RegistryTree.CAPACITY - 1));
        CredentialRegistry.Place memory place;
        for (uint256 h = 0; h < 20; h++) {
            place.siblings[h] = h + 1;
            setFrontier(h, h + 1);
        }
        CredentialRegistry.Admission memory admission = admissionOf(1);
        registry.admit(admission, quorum(digestOf(admission)));
        (place.policyId, place.expiresAt) = (admission.policyId, admission.expiresAt);
        CredentialRegistry.Removal memory removal = removalOf(1, false);
        registry.remove(removal, place, quorum(digestOf(removal)));
        uint256 node = 0;
        for (uint256 h = 0; h < 20; h++) node = Poseidon2.hash(h + 1, node);
        assertEq(registry.root(), node);
        assertEq(uint256(vm.load(address(registry), frontierSlot(20))), node);
        refuse(admissionOf(2), CredentialRegistry.RegistryFull.selector);
    }

    function test_RevertAdmit_WhenPaused() public {
        decide(TrustNodes.Kind.Pause, 0);
        refuse(admissionOf(1), TrustNodes.Paused.selector);
        carry(TrustNodes.Kind.Unpause, 0);
        admit(1);
    }

    function test_EveryFieldOfAnAdmissionIsSigned() public {
        carry(TrustNodes.Kind.AddPolicy, bytes32(POLICY + 1));
        CredentialRegistry.Admission memory signed = admissionOf(1);
        Signatures.Signature[] memory signatures = quorum(digestOf(signed));
        for (uint256 field = 0; field < 6; field++) {
            CredentialRegistry.Admission memory other = admissionOf(1);
            if (field == 0) other.credential = 2;
            if (field == 1) other.expiresAt -= 1 hours;
            if (field == 2) other.evidenceHash = 0;
            if (field == 3) other.blockNumber -= 1;
            if (field == 4) other.deadline += 1;
            if (field == 5) other.policyId = POLICY + 1;
            // What was not signed recovers to somebody: no member.
            refuse(other, signatures, TrustNodes.NotMember.selector);
        }
        CredentialRegistry.Admission memory later = admissionOf(1);
        later.setVersion += 1;
        refuse(later, signatures, TrustNodes.SetVersionStale.selector);
        registry.admit(signed, signatures);
    }

    function test_OneEventForEachDecision_FromWhichTheTreeIsRebuilt() public {
        CredentialRegistry.Admission memory first = admissionOf(5);
        vm.recordLogs();
        admit(5);
        admit(6);
        remove(0, first, true);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256[] memory seen = new uint256[](2);
        uint256 decisions;
        for (uint256 i = 0; i < logs.length; i++) {
            if (logs[i].topics[0] == CredentialRegistry.Admitted.selector) {
                (uint32 index, uint256 policyId, uint64 expiresAt,,,) =
                    abi.decode(logs[i].data, (uint32, uint256, uint64, bytes32, uint64, uint32));
                seen[index] = Statements.leaf(uint256(logs[i].topics[1]), policyId, expiresAt);
                decisions++;
            } else if (logs[i].topics[0] == CredentialRegistry.Removed.selector) {
                (uint32 index,,,) = abi.decode(logs[i].data, (uint32, bool, bytes32, uint64));
                seen[index] = 0;
                decisions++;
            }
        }
        assertEq(decisions, 3);
        leaves = seen;
        assertEq(registry.root(), rebuilt());
    }

    // Removal

    function test_ARemovedLeafIsGone_AndItsLaterInsertionsDoNotBringItBack() public {
        CredentialRegistry.Admission[] memory admitted = new CredentialRegistry.Admission[](6);
        for (uint256 i = 0; i < 6; i++) {
            admitted[i] = admissionOf(i + 1);
            admit(i + 1);
        }
        for (uint256 i = 0; i < 6; i++) {
            remove(5 - i, admitted[5 - i], false);
            assertEq(registry.root(), rebuilt());
            admit(100 + i);
            assertEq(registry.root(), rebuilt());
        }
    }

    function test_RevertAdmit_WhenBanned_ThoughSignedBefore() public {
        CredentialRegistry.Admission memory admission = admissionOf(1);
        Signatures.Signature[] memory signatures = quorum(digestOf(admission));
        admit(1);
        remove(0, admission, true);
        vm.expectPartialRevert(CredentialRegistry.CredentialBanned.selector);
        registry.admit(admission, signatures);
    }

    function test_RevertRemove_WhenUnknownOrTwice() public {
        CredentialRegistry.Admission memory admission = admissionOf(1);
        refuse(removalOf(1, true), placeOf(0, admission), CredentialRegistry.CredentialUnknown.selector);
        admit(1);
        remove(0, admission, true);
        refuse(removalOf(1, true), placeOf(0, admission), CredentialRegistry.CredentialBanned.selector);
    }

    function test_RevertRemove_WhenPlaceIsWrong() public {
        CredentialRegistry.Admission memory admission = admissionOf(1);
        admit(1);
        admit(2);
        CredentialRegistry.Place memory place = placeOf(0, admission);
        place.siblings[3] ^= 1;
        refuse(removalOf(1, true), place, RegistryTree.PathWrong.selector);
        place = placeOf(0, admission);
        place.siblings[0] += Poseidon2.P;
        refuse(removalOf(1, true), place, RegistryTree.SiblingTooLarge.selector);
        place = placeOf(0, admission);
        place.expiresAt += 1;
        refuse(removalOf(1, true), place, RegistryTree.PathWrong.selector);
        place.policyId = Poseidon2.P;
        refuse(removalOf(1, true), place, TrustNodes.PolicyInvalid.selector);
        refuse(removalOf(2, true), placeOf(0, admission), RegistryTree.PathWrong.selector);
    }

    function test_RevertRemove_WhenDeadlineHasPassed() public {
        admit(1);
        CredentialRegistry.Removal memory removal = removalOf(1, true);
        removal.deadline = uint64(block.timestamp - 1);
        refuse(removal, placeOf(0, admissionOf(1)), TrustNodes.DeadlinePassed.selector);
    }

    function test_RevertRemove_WhenBelowThreshold() public {
        admit(1);
        CredentialRegistry.Removal memory removal = removalOf(1, true);
        Signatures.Signature[] memory one = signedBy(1, digestOf(removal));
        CredentialRegistry.Place memory place = placeOf(0, admissionOf(1));
        vm.expectPartialRevert(TrustNodes.BelowThreshold.selector);
        registry.remove(removal, place, one);
    }

    function test_RemovingWorksWhilePaused() public {
        CredentialRegistry.Admission memory admission = admissionOf(1);
        admit(1);
        decide(TrustNodes.Kind.Pause, 0);
        remove(0, admission, true);
        assertEq(registry.root(), rebuilt());
    }

    function test_EveryFieldOfARemovalIsSigned() public {
        CredentialRegistry.Admission memory admission = admissionOf(1);
        admit(1);
        admit(2);
        CredentialRegistry.Removal memory signed = removalOf(1, false);
        Signatures.Signature[] memory signatures = quorum(digestOf(signed));
        CredentialRegistry.Place memory place = placeOf(0, admission);
        for (uint256 field = 0; field < 4; field++) {
            CredentialRegistry.Removal memory other = removalOf(1, false);
            if (field == 0) other.credential = 2;
            if (field == 1) other.forCause = true;
            if (field == 2) other.reason = 0;
            if (field == 3) other.deadline += 1;
            refuse(other, place, signatures, TrustNodes.NotMember.selector);
        }
        CredentialRegistry.Removal memory later = removalOf(1, false);
        later.setVersion += 1;
        refuse(later, place, signatures, TrustNodes.SetVersionStale.selector);
        registry.remove(signed, place, signatures);
    }

    function test_RevertRemove_WhenSignedForAnotherChainOrRegistry() public {
        CredentialRegistry.Admission memory admission = admissionOf(1);
        admit(1);
        CredentialRegistry.Removal memory removal = removalOf(1, false);
        Signatures.Signature[] memory signatures = quorum(digestOf(removal));
        CredentialRegistry.Place memory place = placeOf(0, admission);
        vm.chainId(1);
        refuse(removal, place, signatures, TrustNodes.NotMember.selector);
        vm.chainId(31337);
        CredentialRegistry signedFor = registry;
        registry = new CredentialRegistry(genesisOf(3, 2));
        registry.admit(admission, quorum(digestOf(admission)));
        refuse(removal, place, signatures, TrustNodes.NotMember.selector);
        signedFor.remove(removal, place, signatures);
    }

    // Roots

    function test_ARootsAgeCountsFromWhenItWasSuperseded() public {
        admit(1);
        uint256 first = registry.root();
        vm.warp(block.timestamp + 300 days);
        registry.requireRoot(first, 1);
        admit(2);
        vm.warp(block.timestamp + 60);
        registry.requireRoot(first, 60);
        vm.expectPartialRevert(CredentialRegistry.RootTooOld.selector);
        registry.requireRoot(first, 59);
    }

    function test_SpamPushesNoRootOut() public {
        admit(1);
        uint256 first = registry.root();
        for (uint256 i = 2; i < 80; i++) admit(i);
        registry.requireRoot(first, 1);
    }

    function test_RemovalRefusesEveryEarlierRoot_AndNoneElse() public {
        CredentialRegistry.Admission memory admission = admissionOf(1);
        uint256 empty = registry.root();
        admit(1);
        uint256 with = registry.root();
        admit(2);
        uint256 both = registry.root();
        remove(0, admission, false);
        registry.requireRoot(registry.root(), 1);
        uint256[3] memory earlier = [empty, with, both];
        for (uint256 i = 0; i < 3; i++) {
            vm.expectPartialRevert(CredentialRegistry.RootWithdrawn.selector);
            registry.requireRoot(earlier[i], type(uint64).max);
        }
        uint256 after_ = registry.root();
        admit(3);
        registry.requireRoot(after_, 1);
    }

    function test_ARootThatComesBackStands() public {
        CredentialRegistry.Admission memory admission = admissionOf(1);
        uint256 empty = registry.root();
        admit(1);
        remove(0, admission, false);
        assertEq(registry.root(), empty);
        registry.requireRoot(empty, 0);
        admit(2);
        registry.requireRoot(empty, 0);
    }

    function test_RevertRequireRoot_WhenUnknownOrPaused() public {
        vm.expectPartialRevert(CredentialRegistry.RootUnknown.selector);
        registry.requireRoot(0, type(uint64).max);
        decide(TrustNodes.Kind.Pause, 0);
        uint256 root = registry.root();
        vm.expectPartialRevert(TrustNodes.Paused.selector);
        registry.requireRoot(root, 1);
    }

    function testFuzz_TheRootIsTheRebuiltOne(uint256 seed) public {
        CredentialRegistry.Admission[] memory admitted = new CredentialRegistry.Admission[](24);
        uint256 count;
        for (uint256 i = 0; i < 12; i++) {
            seed = uint256(keccak256(abi.encode(seed)));
            if (seed % 3 != 0 || count == 0) {
                admitted[count] = admissionOf(count + 1);
                admit(++count);
            } else {
                uint256 index = (seed >> 8) % count;
                if (leaves[index] != 0) remove(index, admitted[index], false);
            }
            assertEq(registry.root(), rebuilt());
        }
    }

    function refuse(CredentialRegistry.Admission memory admission, bytes4 selector) private {
        refuse(admission, quorum(digestOf(admission)), selector);
    }

    function refuse(
        CredentialRegistry.Admission memory admission,
        Signatures.Signature[] memory signatures,
        bytes4 selector
    ) private {
        uint256 root = registry.root();
        vm.expectPartialRevert(selector);
        registry.admit(admission, signatures);
        assertEq(registry.root(), root);
    }

    function refuse(CredentialRegistry.Removal memory removal, CredentialRegistry.Place memory place, bytes4 selector)
        private
    {
        refuse(removal, place, quorum(digestOf(removal)), selector);
    }

    function refuse(
        CredentialRegistry.Removal memory removal,
        CredentialRegistry.Place memory place,
        Signatures.Signature[] memory signatures,
        bytes4 selector
    ) private {
        uint256 root = registry.root();
        vm.expectPartialRevert(selector);
        registry.remove(removal, place, signatures);
        assertEq(registry.root(), root);
    }

    function setSize(uint32 size) private {
        vm.store(address(registry), bytes32(uint256(7)), bytes32(uint256(size) | (uint256(1) << 32)));
        assertEq(registry.size(), size);
        assertEq(registry.epoch(), 1);
    }

    function setFrontier(uint256 height, uint256 node) private {
        vm.store(address(registry), frontierSlot(height), bytes32(node));
    }

    function frontierSlot(uint256 height) private pure returns (bytes32) {
        return keccak256(abi.encode(height, uint256(10)));
    }
}

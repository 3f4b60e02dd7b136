// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CredentialRegistry} from "../src/CredentialRegistry.sol";
import {Poseidon2} from "../src/Poseidon2.sol";
import {Signatures} from "../src/Signatures.sol";
import {Statements} from "../src/Statements.sol";
import {TrustNodes} from "../src/TrustNodes.sol";
import {Nodes} from "./support/Nodes.sol";

/// @notice The conditions of registry and trust nodes, at their last value inside and their first outside.
contract BordersTest is Nodes {
    uint256 private constant HOUR = NOON;

    function setUp() public {
        begin(3, 2);
    }

    // Admissions and removals

    function test_DeadlinesHoldUntilTheirSecond() public {
        CredentialRegistry.Admission memory admission = admissionOf(1);
        CredentialRegistry.Removal memory removal = removalOf(1, false);
        TrustNodes.Change memory change = changeOf(TrustNodes.Kind.Pause, 0);
        (Signatures.Signature[] memory a, Signatures.Signature[] memory r, Signatures.Signature[] memory c) =
            (quorum(digestOf(admission)), quorum(digestOf(removal)), quorum(digestOf(change)));
        vm.warp(admission.deadline);
        registry.admit(admission, a);
        leaves.push(leafOf(admission));
        registry.remove(removal, placeOf(0, admission), r);
        registry.schedule(change, c);
    }

    function test_CredentialsAreFieldElements_AndNotZero() public {
        _admits(admissionOf(Poseidon2.P - 1), 0);
        _admits(admissionOf(Poseidon2.P), CredentialRegistry.CredentialInvalid.selector);
        _admits(admissionOf(0), CredentialRegistry.CredentialInvalid.selector);
    }

    function test_ExpiriesLieAnHourToAWeekAhead() public {
        CredentialRegistry.Admission memory admission = admissionOf(1);
        admission.expiresAt = uint64(HOUR + 1 hours);
        _admits(admission, 0);
        admission = admissionOf(2);
        admission.expiresAt = uint64(HOUR + 7 days);
        _admits(admission, 0);
        admission = admissionOf(3);
        admission.expiresAt = uint64(HOUR + 7 days + 1 hours);
        _admits(admission, CredentialRegistry.ExpiryInvalid.selector);
        admission.expiresAt = uint64(HOUR);
        _admits(admission, CredentialRegistry.ExpiryInvalid.selector);
        vm.warp(HOUR + 1);
        admission.expiresAt = uint64(HOUR + 1 hours);
        _admits(admission, CredentialRegistry.ExpiryInvalid.selector);
    }

    function test_NonceBlocksAreMinedAndRecent() public {
        uint64[4] memory blocks =
            [uint64(block.number - 1), uint64(block.number - 256), uint64(block.number), uint64(block.number - 257)];
        for (uint256 i = 0; i < blocks.length; i++) {
            CredentialRegistry.Admission memory admission = admissionOf(i + 1);
            admission.blockNumber = blocks[i];
            _admits(admission, i < 2 ? bytes4(0) : CredentialRegistry.NonceBlockInvalid.selector);
        }
    }

    function test_APlaceOfNoPolicyIsRefusedAsSuch() public {
        CredentialRegistry.Admission memory admission = admissionOf(1);
        admit(1);
        CredentialRegistry.Removal memory removal = removalOf(1, false);
        Signatures.Signature[] memory signatures = quorum(digestOf(removal));
        CredentialRegistry.Place memory place = placeOf(0, admission);
        place.policyId = Poseidon2.P;
        vm.expectPartialRevert(TrustNodes.PolicyInvalid.selector);
        registry.remove(removal, place, signatures);
    }

    function test_ARootStandsForItsAge_ToTheSecond() public {
        uint256 old = registry.root();
        admit(1);
        vm.warp(block.timestamp + 100);
        registry.requireRoot(old, 100);
        vm.expectPartialRevert(CredentialRegistry.RootTooOld.selector);
        registry.requireRoot(old, 99);
    }

    // Settings

    function test_SettingsAtTheirBorders() public {
        for (uint256 i = 0; i < 10; i++) {
            TrustNodes.Genesis memory genesis = genesisOf(2, 2);
            (genesis.strikeLimit, genesis.nonceBlocks) = (1, 1);
            vm.chainId(i < 4 ? 31337 : 1);
            if (i == 0) genesis.delay = 30 days;
            if (i == 1) genesis.delay = 0;
            if (i == 2) genesis.delay = 30 days + 1;
            if (i == 3) genesis.floor = 3;
            if (i == 4) genesis.delay = 1 hours;
            if (i == 5) genesis.delay = 1 hours - 1;
            if (i == 6) genesis.floor = 1;
            if (i == 7) genesis.strikeLimit = 0;
            if (i == 8) genesis.nonceBlocks = 0;
            bool isSane = i == 0 || i == 1 || i == 4 || i == 9;
            if (!isSane) vm.expectPartialRevert(TrustNodes.SettingsInvalid.selector);
            new CredentialRegistry(genesis);
        }
    }

    function test_EachOfGenesisIsThere() public {
        TrustNodes.Genesis memory genesis = genesisOf(3, 2);
        genesis.policies = new uint256[](2);
        (genesis.policies[0], genesis.policies[1]) = (POLICY, POLICY + 1);
        genesis.anchors = new bytes32[](2);
        (genesis.anchors[0], genesis.anchors[1]) = (bytes32(uint256(1)), bytes32(uint256(2)));
        registry = new CredentialRegistry(genesis);
        assertEq(registry.memberCount(), 3);
        assertEq(registry.setVersion(), 3);
        for (uint8 i = 0; i < 3; i++) assertEq(registry.memberAt(i + 1), genesis.members[i]);
        for (uint256 i = 0; i < 2; i++) {
            assertTrue(registry.isPolicy(genesis.policies[i]), "a policy is missing");
            assertTrue(registry.isAnchor(genesis.anchors[i]), "an anchor is missing");
        }
    }

    function test_DevelopmentChainsAreTwo() public {
        uint256[4] memory chains = [uint256(31337), 1337, 1, 31338];
        for (uint256 i = 0; i < chains.length; i++) {
            vm.chainId(chains[i]);
            assertTrue(registry.isDevelopmentChain() == (i < 2), "another chain");
        }
    }

    function test_PolicyIds() public {
        _carries(TrustNodes.Kind.AddPolicy, bytes32(Statements.POLICY_ID_LIMIT - 1), 0);
        _carries(TrustNodes.Kind.AddPolicy, bytes32(Statements.POLICY_ID_LIMIT), TrustNodes.PolicyInvalid.selector);
        _carries(TrustNodes.Kind.AddPolicy, 0, TrustNodes.PolicyInvalid.selector);
        _carries(TrustNodes.Kind.AddPolicy, bytes32(Statements.SIMULATED_POLICIES), 0);
        CredentialRegistry.Admission memory admission = admissionOf(1);
        admission.policyId = Statements.SIMULATED_POLICIES;
        vm.chainId(1);
        _admits(admission, TrustNodes.PolicySimulated.selector);
        bytes32 simulated = bytes32(Statements.SIMULATED_POLICIES);
        _carries(TrustNodes.Kind.AddPolicy, simulated, TrustNodes.PolicySimulated.selector);
        bytes32 last = bytes32(Statements.SIMULATED_POLICIES - 1);
        _carries(TrustNodes.Kind.AddPolicy, last, 0);
        admission = admissionOf(1);
        admission.policyId = uint256(last);
        _admits(admission, 0);
        bytes32 first = bytes32(Statements.SIMULATED_POLICIES + 1);
        _carries(TrustNodes.Kind.AddPolicy, first, TrustNodes.PolicySimulated.selector);
    }

    // Changes

    function test_AChangeIsCarriedOutFromItsFirstSecondToItsLast() public {
        bytes32 anchor = keccak256("first");
        uint64 id = decide(TrustNodes.Kind.AddAnchor, anchor);
        vm.warp(NOON + DELAY - 1);
        vm.expectPartialRevert(TrustNodes.TooEarly.selector);
        registry.execute(id);
        vm.warp(NOON + DELAY);
        registry.execute(id);
        id = decide(TrustNodes.Kind.RetireAnchor, anchor);
        uint256 last = block.timestamp + DELAY + 14 days;
        vm.warp(last + 1);
        vm.expectPartialRevert(TrustNodes.TooLate.selector);
        registry.execute(id);
        vm.warp(last);
        registry.execute(id);
    }

    function test_AResignationWaitsToItsLastSecond() public {
        address account = vm.addr(keys[0]);
        vm.prank(account);
        registry.resign();
        vm.warp(NOON + DELAY + 14 days);
        vm.prank(account);
        vm.expectPartialRevert(TrustNodes.NoChange.selector);
        registry.resign();
        vm.warp(NOON + DELAY + 14 days + 1);
        vm.prank(account);
        registry.resign();
    }

    function test_SubjectsHaveTheWidthOfTheirKind() public {
        _carries(TrustNodes.Kind.AddMember, bytes32(uint256(type(uint160).max)), 0);
        _carries(TrustNodes.Kind.AddMember, bytes32(uint256(1) << 160), TrustNodes.SubjectInvalid.selector);
        _carries(TrustNodes.Kind.AddMember, bytes32((uint256(1) << 160) + 7), TrustNodes.SubjectInvalid.selector);
        _schedules(TrustNodes.Kind.Cancel, bytes32(uint256(type(uint64).max)), TrustNodes.NothingPending.selector);
        _schedules(TrustNodes.Kind.Cancel, bytes32(uint256(1) << 64), TrustNodes.SubjectInvalid.selector);
    }

    function test_TheThresholdIsTwoThirdsRoundedUp() public {
        uint8[8] memory thresholds = [2, 2, 3, 4, 4, 5, 6, 6];
        for (uint256 i = 0; i < thresholds.length; i++) {
            begin(i + 2, 2);
            assertEq(registry.threshold(), thresholds[i]);
        }
        begin(5, 5);
        assertEq(registry.threshold(), 5);
    }

    function test_SixtyFourMembersAndNoMore() public {
        begin(64, 2);
        assertEq(registry.memberCount(), 64);
        TrustNodes.Genesis memory genesis = genesisOf(65, 2);
        vm.expectPartialRevert(TrustNodes.MembersFull.selector);
        new CredentialRegistry(genesis);
    }

    function _admits(CredentialRegistry.Admission memory admission, bytes4 refusal) private {
        Signatures.Signature[] memory signatures = quorum(digestOf(admission));
        if (refusal != 0) vm.expectPartialRevert(refusal);
        registry.admit(admission, signatures);
    }

    function _carries(TrustNodes.Kind kind, bytes32 subject, bytes4 refusal) private {
        uint64 id = decide(kind, subject);
        vm.warp(block.timestamp + DELAY);
        if (refusal != 0) vm.expectPartialRevert(refusal);
        registry.execute(id);
    }

    function _schedules(TrustNodes.Kind kind, bytes32 subject, bytes4 refusal) private {
        TrustNodes.Change memory change = changeOf(kind, subject);
        Signatures.Signature[] memory signatures = quorum(digestOf(change));
        vm.expectPartialRevert(refusal);
        registry.schedule(change, signatures);
    }
}

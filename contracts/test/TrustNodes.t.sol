// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CredentialRegistry} from "../src/CredentialRegistry.sol";
import {Signatures} from "../src/Signatures.sol";
import {TrustNodes} from "../src/TrustNodes.sol";
import {Nodes} from "./support/Nodes.sol";

contract TrustNodesTest is Nodes {
    uint256 private constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
    uint256 private constant STRANGER = 0x5774616e676572;

    function setUp() public {
        begin(4, 2);
    }

    // Signatures

    function test_TheThresholdIsTheFloorOrTwoThirds() public {
        uint256[9] memory expected = [uint256(2), 2, 3, 4, 4, 5, 6, 6, 7];
        for (uint256 members = 2; members <= 10; members++) {
            begin(members, 2);
            assertEq(registry.threshold(), expected[members - 2]);
        }
        begin(5, 5);
        assertEq(registry.threshold(), 5);
    }

    function test_RevertAdmit_WhenBelowThreshold() public {
        CredentialRegistry.Admission memory admission = admissionOf(1);
        for (uint256 count = 0; count < 3; count++) {
            refuse(admission, signedBy(count, digestOf(admission)), TrustNodes.BelowThreshold.selector);
        }
        registry.admit(admission, signedBy(3, digestOf(admission)));
    }

    function test_MoreThanTheThresholdIsFine_AndAllAreNamed() public view {
        bytes32 digest = keccak256("anything");
        uint64 signers = registry.requireQuorum(registry.setVersion(), digest, signedBy(4, digest));
        assertEq(signers, 15);
    }

    function test_RevertAdmit_WhenASignatureCountsTwice() public {
        CredentialRegistry.Admission memory admission = admissionOf(1);
        Signatures.Signature[] memory signatures = quorum(digestOf(admission));
        signatures[2] = signatures[1];
        refuse(admission, signatures, TrustNodes.SignersUnordered.selector);
    }

    function test_RevertAdmit_WhenSignaturesAreUnordered() public {
        CredentialRegistry.Admission memory admission = admissionOf(1);
        Signatures.Signature[] memory signatures = quorum(digestOf(admission));
        (signatures[0], signatures[1]) = (signatures[1], signatures[0]);
        refuse(admission, signatures, TrustNodes.SignersUnordered.selector);
    }

    function test_RevertAdmit_WhenAStrangerSigned() public {
        CredentialRegistry.Admission memory admission = admissionOf(1);
        addKey(STRANGER);
        refuse(admission, signedBy(5, digestOf(admission)), TrustNodes.NotMember.selector);
    }

    function test_RevertAdmit_WhenSIsHigh_SoThatThereIsOneSpelling() public {
        CredentialRegistry.Admission memory admission = admissionOf(1);
        Signatures.Signature[] memory signatures = quorum(digestOf(admission));
        uint256 s = uint256(signatures[0].vs) & (type(uint256).max >> 1);
        // s' = n - s with the other parity is valid too. It needs the highest bit, where the parity is: it has no spelling here.
        assertTrue(ORDER - s > type(uint256).max >> 1, "n - s fits");
        signatures[0].vs = bytes32((ORDER - s) & (type(uint256).max >> 1));
        (bool done,) = address(registry).call(abi.encodeCall(registry.admit, (admission, signatures)));
        assertTrue(!done, "a second spelling");
        signatures[0].vs = bytes32(uint256(0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a1));
        refuse(admission, signatures, Signatures.SignatureHigh.selector);
    }

    function test_HalfTheOrderIsLow() public view {
        bytes32 digest = keccak256("anything");
        bytes32 half = bytes32(uint256(0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0));
        address signer = this.recovered(digest, Signatures.Signature(bytes32(uint256(1)), half));
        assertTrue(signer != address(0), "no signer");
        assertEq(signer, ecrecover(digest, 27, bytes32(uint256(1)), half));
    }

    function recovered(bytes32 digest, Signatures.Signature calldata signature) external pure returns (address) {
        return Signatures.recover(digest, signature);
    }

    function test_RevertAdmit_WhenASignatureIsNone() public {
        CredentialRegistry.Admission memory admission = admissionOf(1);
        Signatures.Signature[] memory signatures = quorum(digestOf(admission));
        signatures[0] = Signatures.Signature(0, 0);
        refuse(admission, signatures, Signatures.SignatureInvalid.selector);
        signatures[0] = Signatures.Signature(bytes32(ORDER), bytes32(uint256(1)));
        refuse(admission, signatures, Signatures.SignatureInvalid.selector);
    }

    function test_RevertAdmit_WhenSignedForAnotherChain() public {
        CredentialRegistry.Admission memory admission = admissionOf(1);
        Signatures.Signature[] memory signatures = quorum(digestOf(admission));
        vm.chainId(1);
        // Here and below: what was not signed like this recovers to somebody, but to no member.
        refuse(admission, signatures, TrustNodes.NotMember.selector);
        vm.chainId(31337);
        registry.admit(admission, signatures);
    }

    function test_RevertAdmit_WhenSignedForAnotherRegistry() public {
        CredentialRegistry.Admission memory admission = admissionOf(1);
        Signatures.Signature[] memory signatures = quorum(digestOf(admission));
        CredentialRegistry signedFor = registry;
        registry = new CredentialRegistry(genesisOf(4, 2));
        refuse(admission, signatures, TrustNodes.NotMember.selector);
        signedFor.admit(admission, signatures);
    }

    function test_RevertSchedule_WhenSignedForAnotherChainOrRegistry() public {
        TrustNodes.Change memory change = changeOf(TrustNodes.Kind.Pause, 0);
        Signatures.Signature[] memory signatures = quorum(digestOf(change));
        vm.chainId(1);
        refuse(change, signatures, TrustNodes.NotMember.selector);
        vm.chainId(31337);
        CredentialRegistry signedFor = registry;
        registry = new CredentialRegistry(genesisOf(4, 2));
        refuse(change, signatures, TrustNodes.NotMember.selector);
        signedFor.schedule(change, signatures);
    }

    function test_RevertAdmit_WhenTheSetHasChangedSince() public {
        CredentialRegistry.Admission memory admission = admissionOf(1);
        admission.deadline = type(uint64).max;
        Signatures.Signature[] memory signatures = quorum(digestOf(admission));
        carry(TrustNodes.Kind.AddMember, asSubject(vm.addr(STRANGER)));
        admission.expiresAt += 24 hours;
        signatures = quorum(digestOf(admission));
        refuse(admission, signatures, TrustNodes.SetVersionStale.selector);
    }

    function testFuzz_NothingBelowTheThreshold_WhateverTheSignatures(bytes32 r, bytes32 vs, uint8 place) public {
        CredentialRegistry.Admission memory admission = admissionOf(1);
        Signatures.Signature[] memory signatures = quorum(digestOf(admission));
        Signatures.Signature memory honest = signatures[place % 3];
        vm.assume(r != honest.r || vs != honest.vs);
        signatures[place % 3] = Signatures.Signature(r, vs);
        (bool done,) = address(registry).call(abi.encodeCall(registry.admit, (admission, signatures)));
        assertTrue(!done, "two signatures of four members");
    }

    // Decisions

    function test_AMemberJoinsAfterTheDelay_AndSigns() public {
        address account = vm.addr(STRANGER);
        uint64 id = decide(TrustNodes.Kind.AddMember, asSubject(account));
        vm.expectPartialRevert(TrustNodes.TooEarly.selector);
        registry.execute(id);
        vm.warp(block.timestamp + DELAY);
        registry.execute(id);
        addKey(STRANGER);
        (uint8 slot,, uint32 since,) = registry.members(account);
        assertEq(slot, 5);
        assertEq(since, registry.setVersion());
        assertEq(registry.memberAt(5), account);
        admit(1);
    }

    function test_AMemberIsRemoved_AndItsPlaceIsTakenAgain() public {
        address gone = vm.addr(keys[3]);
        (uint8 slot,,,) = registry.members(gone);
        uint32 before = registry.setVersion();
        carry(TrustNodes.Kind.RemoveMember, asSubject(gone));
        assertEq(registry.memberCount(), 3);
        assertEq(registry.setVersion(), before + 1);
        assertEq(registry.memberAt(slot), address(0));
        bytes32 digest = keccak256("anything");
        Signatures.Signature[] memory signatures = signedBy(4, digest);
        uint32 version = registry.setVersion();
        vm.expectPartialRevert(TrustNodes.NotMember.selector);
        registry.requireQuorum(version, digest, signatures);
        carry(TrustNodes.Kind.AddMember, asSubject(vm.addr(STRANGER)));
        assertEq(registry.memberAt(slot), vm.addr(STRANGER));
    }

    function test_AMemberResignsByItself_AfterTheDelay() public {
        address account = vm.addr(keys[0]);
        vm.prank(account);
        registry.resign();
        uint64 id = registry.changes();
        vm.expectPartialRevert(TrustNodes.TooEarly.selector);
        registry.execute(id);
        vm.warp(block.timestamp + DELAY);
        registry.execute(id);
        assertEq(registry.memberCount(), 3);
    }

    function test_RevertResign_WhenNotMember() public {
        vm.expectPartialRevert(TrustNodes.NotMember.selector);
        registry.resign();
    }

    function test_RevertResign_WhenItHasResigned_UntilThatIsCancelledOrRunsOut() public {
        address account = vm.addr(keys[0]);
        vm.prank(account);
        registry.resign();
        vm.expectPartialRevert(TrustNodes.NoChange.selector);
        vm.prank(account);
        registry.resign();
        decide(TrustNodes.Kind.Cancel, bytes32(uint256(registry.changes())));
        vm.prank(account);
        registry.resign();
        vm.warp(block.timestamp + DELAY + 14 days + 1);
        vm.prank(account);
        registry.resign();
        vm.warp(block.timestamp + DELAY);
        registry.execute(registry.changes());
        assertEq(registry.memberCount(), 3);
    }

    function test_ARemovalIsOfTheMemberAsItIs_NotOfOneThatComesBack() public {
        bytes32 subject = asSubject(vm.addr(keys[0]));
        vm.prank(vm.addr(keys[0]));
        registry.resign();
        uint64 own = registry.changes();
        uint64 others = decide(TrustNodes.Kind.RemoveMember, subject);
        carry(TrustNodes.Kind.RemoveMember, subject);
        uint64 whileGone = decideBy(14, TrustNodes.Kind.RemoveMember, subject);
        carryBy(14, TrustNodes.Kind.AddMember, subject);
        uint64[3] memory stale = [own, others, whileGone];
        for (uint256 i = 0; i < 3; i++) {
            vm.expectPartialRevert(TrustNodes.NotMember.selector);
            registry.execute(stale[i]);
        }
        assertEq(registry.memberCount(), 4);
        vm.prank(vm.addr(keys[0]));
        registry.resign();
    }

    function test_RevertExecute_WhenTooFewWouldBeLeft() public {
        begin(2, 2);
        uint64 id = decide(TrustNodes.Kind.RemoveMember, asSubject(vm.addr(keys[0])));
        vm.warp(block.timestamp + DELAY);
        vm.expectPartialRevert(TrustNodes.TooFewMembers.selector);
        registry.execute(id);
    }

    function test_RevertExecute_WhenThereIsNoPlaceForAnotherMember() public {
        begin(64, 2);
        uint64 id = decide(TrustNodes.Kind.AddMember, asSubject(vm.addr(STRANGER)));
        vm.warp(block.timestamp + DELAY);
        vm.expectPartialRevert(TrustNodes.MembersFull.selector);
        registry.execute(id);
        bytes32 digest = keccak256("all");
        assertEq(registry.requireQuorum(registry.setVersion(), digest, signedBy(64, digest)), type(uint64).max);
    }

    function test_RevertExecute_WhenNothingIsPending_OrTwice() public {
        vm.expectPartialRevert(TrustNodes.NothingPending.selector);
        registry.execute(1);
        carry(TrustNodes.Kind.AddPolicy, bytes32(uint256(2)));
        vm.expectPartialRevert(TrustNodes.NothingPending.selector);
        registry.execute(1);
    }

    function test_RevertExecute_WhenTooLate() public {
        uint64 id = decide(TrustNodes.Kind.AddPolicy, bytes32(uint256(2)));
        vm.warp(block.timestamp + DELAY + 14 days + 1);
        vm.expectPartialRevert(TrustNodes.TooLate.selector);
        registry.execute(id);
    }

    function test_RevertSchedule_WhenReplayed() public {
        TrustNodes.Change memory change = changeOf(TrustNodes.Kind.AddPolicy, bytes32(uint256(2)));
        Signatures.Signature[] memory signatures = quorum(digestOf(change));
        registry.schedule(change, signatures);
        vm.expectPartialRevert(TrustNodes.SequenceWrong.selector);
        registry.schedule(change, signatures);
    }

    function test_RevertSchedule_WhenDeadlineHasPassed() public {
        TrustNodes.Change memory change = changeOf(TrustNodes.Kind.AddPolicy, bytes32(uint256(2)));
        Signatures.Signature[] memory signatures = quorum(digestOf(change));
        vm.warp(change.deadline + 1);
        vm.expectPartialRevert(TrustNodes.DeadlinePassed.selector);
        registry.schedule(change, signatures);
    }

    function test_RevertSchedule_WhenBelowThreshold() public {
        TrustNodes.Change memory change = changeOf(TrustNodes.Kind.Pause, 0);
        Signatures.Signature[] memory signatures = signedBy(2, digestOf(change));
        vm.expectPartialRevert(TrustNodes.BelowThreshold.selector);
        registry.schedule(change, signatures);
    }

    function test_EveryFieldOfAChangeIsSigned() public {
        TrustNodes.Change memory change = changeOf(TrustNodes.Kind.AddPolicy, bytes32(uint256(2)));
        Signatures.Signature[] memory signatures = quorum(digestOf(change));
        for (uint256 field = 0; field < 3; field++) {
            TrustNodes.Change memory other = changeOf(TrustNodes.Kind.AddPolicy, bytes32(uint256(2)));
            if (field == 0) other.kind = TrustNodes.Kind.AddAnchor;
            if (field == 1) other.subject = bytes32(uint256(3));
            if (field == 2) other.deadline += 1;
            refuse(other, signatures, TrustNodes.NotMember.selector);
        }
        TrustNodes.Change memory later = changeOf(TrustNodes.Kind.AddPolicy, bytes32(uint256(2)));
        later.sequence += 1;
        refuse(later, signatures, TrustNodes.SequenceWrong.selector);
        later = changeOf(TrustNodes.Kind.AddPolicy, bytes32(uint256(2)));
        later.setVersion += 1;
        refuse(later, signatures, TrustNodes.SetVersionStale.selector);
        registry.schedule(change, signatures);
    }

    function test_AnAdmissionIsNoChange_AndAChangeNoAdmission() public {
        CredentialRegistry.Admission memory admission = admissionOf(1);
        TrustNodes.Change memory change = changeOf(TrustNodes.Kind.Pause, 0);
        refuse(change, quorum(digestOf(admission)), TrustNodes.NotMember.selector);
        refuse(admission, quorum(digestOf(change)), TrustNodes.NotMember.selector);
    }

    function test_PausingAndTakingBackWorkAtOnce_AllElseWaits() public {
        uint64 id = decide(TrustNodes.Kind.AddPolicy, bytes32(uint256(2)));
        decide(TrustNodes.Kind.Cancel, bytes32(uint256(id)));
        decide(TrustNodes.Kind.Pause, 0);
        assertTrue(registry.paused(), "not paused");
        vm.warp(block.timestamp + DELAY);
        vm.expectPartialRevert(TrustNodes.NothingPending.selector);
        registry.execute(id);
        TrustNodes.Kind[8] memory waiting = [
            TrustNodes.Kind.AddMember,
            TrustNodes.Kind.RemoveMember,
            TrustNodes.Kind.ClearStrikes,
            TrustNodes.Kind.AddPolicy,
            TrustNodes.Kind.RetirePolicy,
            TrustNodes.Kind.AddAnchor,
            TrustNodes.Kind.RetireAnchor,
            TrustNodes.Kind.Unpause
        ];
        for (uint256 i = 0; i < waiting.length; i++) {
            id = decide(waiting[i], bytes32(uint256(9)));
            vm.expectPartialRevert(TrustNodes.TooEarly.selector);
            registry.execute(id);
        }
    }

    function test_PoliciesAndAnchorsComeAndGo() public {
        bytes32 subject = bytes32(uint256(77));
        carry(TrustNodes.Kind.AddPolicy, subject);
        carry(TrustNodes.Kind.AddAnchor, subject);
        assertTrue(registry.isPolicy(77) && registry.isAnchor(subject), "not there");
        carry(TrustNodes.Kind.RetirePolicy, subject);
        carry(TrustNodes.Kind.RetireAnchor, subject);
        assertTrue(!registry.isPolicy(77) && !registry.isAnchor(subject), "still there");
    }

    function test_RevertExecute_WhenTheSubjectIsWrong() public {
        bytes32 wide = bytes32(uint256(1) << 160);
        refuse(TrustNodes.Kind.AddMember, 0, TrustNodes.SubjectInvalid.selector);
        refuse(TrustNodes.Kind.AddMember, wide, TrustNodes.SubjectInvalid.selector);
        refuse(TrustNodes.Kind.AddMember, asSubject(vm.addr(keys[0])), TrustNodes.AlreadyMember.selector);
        refuse(TrustNodes.Kind.RemoveMember, asSubject(vm.addr(STRANGER)), TrustNodes.NotMember.selector);
        refuse(TrustNodes.Kind.ClearStrikes, asSubject(vm.addr(keys[0])), TrustNodes.NoChange.selector);
        refuse(TrustNodes.Kind.AddPolicy, 0, TrustNodes.PolicyInvalid.selector);
        refuse(TrustNodes.Kind.AddPolicy, bytes32(uint256(1) << 249), TrustNodes.PolicyInvalid.selector);
        refuse(TrustNodes.Kind.AddPolicy, bytes32(POLICY), TrustNodes.NoChange.selector);
        refuse(TrustNodes.Kind.RetirePolicy, bytes32(uint256(9)), TrustNodes.NoChange.selector);
        refuse(TrustNodes.Kind.AddAnchor, 0, TrustNodes.SubjectInvalid.selector);
        refuse(TrustNodes.Kind.AddAnchor, keccak256("a vendor's root"), TrustNodes.NoChange.selector);
        refuse(TrustNodes.Kind.RetireAnchor, wide, TrustNodes.NoChange.selector);
        refuse(TrustNodes.Kind.Unpause, 0, TrustNodes.NoChange.selector);
    }

    function test_RevertSchedule_WhenWhatWorksAtOnceCannot() public {
        refuseAtOnce(TrustNodes.Kind.Pause, bytes32(uint256(1)), TrustNodes.SubjectInvalid.selector);
        refuseAtOnce(TrustNodes.Kind.Cancel, bytes32(uint256(9)), TrustNodes.NothingPending.selector);
        refuseAtOnce(TrustNodes.Kind.Cancel, bytes32(uint256(1) << 64), TrustNodes.SubjectInvalid.selector);
        decide(TrustNodes.Kind.Pause, 0);
        refuseAtOnce(TrustNodes.Kind.Pause, 0, TrustNodes.NoChange.selector);
    }

    // Simulated policies

    function test_SimulatedPoliciesAreForDevelopmentChains() public {
        carry(TrustNodes.Kind.AddPolicy, bytes32(SIMULATED));
        CredentialRegistry.Admission memory admission = admissionOf(1);
        admission.policyId = SIMULATED;
        registry.admit(admission, quorum(digestOf(admission)));
        admission.credential = 2;
        vm.chainId(1);
        refuse(admission, quorum(digestOf(admission)), TrustNodes.PolicySimulated.selector);
    }

    function test_RevertExecute_WhenASimulatedPolicyWouldBeDeployed() public {
        vm.chainId(1);
        refuse(TrustNodes.Kind.AddPolicy, bytes32(SIMULATED), TrustNodes.PolicySimulated.selector);
        TrustNodes.Genesis memory genesis = genesisOf(4, 2);
        genesis.policies[0] = SIMULATED;
        vm.expectPartialRevert(TrustNodes.PolicySimulated.selector);
        new CredentialRegistry(genesis);
    }

    // Strikes

    function test_ARemovalForCauseStrikesThoseWhoSigned_AndNobodyElse() public {
        CredentialRegistry.Admission memory admission = admissionOf(1);
        admit(1);
        remove(0, admission, true);
        for (uint256 i = 0; i < 4; i++) assertEq(strikesOf(i), i < 3 ? 1 : 0);
    }

    function test_ARemovalWithoutCauseStrikesNobody() public {
        CredentialRegistry.Admission memory admission = admissionOf(1);
        admit(1);
        remove(0, admission, false);
        for (uint256 i = 0; i < 4; i++) assertEq(strikesOf(i), 0);
    }

    function test_OneSuspended_TheQuorumOfOthersClearsIt_AfterTheDelay() public {
        begin(4, 2);
        strike(1, 7);
        // 0, 1 and 2 signed the first wrong admission, 0, 2 and 3 the second; 0 and 1 are cleared in between.
        carry(TrustNodes.Kind.ClearStrikes, asSubject(vm.addr(keys[0])));
        carry(TrustNodes.Kind.ClearStrikes, asSubject(vm.addr(keys[1])));
        strike(2, 13);
        // 2 is suspended. The three others decide.
        assertEq(strikesOf(2), 2);
        CredentialRegistry.Admission memory admission = admissionOf(3);
        refuse(admission, signedByThose(7, digestOf(admission)), TrustNodes.MemberSuspended.selector);
        carryBy(11, TrustNodes.Kind.ClearStrikes, asSubject(vm.addr(keys[2])));
        assertEq(strikesOf(2), 0);
        admitBy(7, 3);
    }

    function test_TheSuspendedLetNothingIn() public {
        begin(3, 2);
        strike(1, 3);
        strike(2, 3);
        CredentialRegistry.Admission memory admission = admissionOf(3);
        refuse(admission, signedByThose(3, digestOf(admission)), TrustNodes.MemberSuspended.selector);
        refuse(admission, signedByThose(5, digestOf(admission)), TrustNodes.MemberSuspended.selector);
        refuse(admission, signedByThose(7, digestOf(admission)), TrustNodes.MemberSuspended.selector);
        refuseAtOnce(TrustNodes.Kind.AddMember, asSubject(vm.addr(STRANGER)), TrustNodes.MemberSuspended.selector);
        refuseAtOnce(TrustNodes.Kind.AddPolicy, bytes32(uint256(9)), TrustNodes.MemberSuspended.selector);
        refuseAtOnce(TrustNodes.Kind.AddAnchor, bytes32(uint256(9)), TrustNodes.MemberSuspended.selector);
        decide(TrustNodes.Kind.Pause, 0);
        refuseAtOnce(TrustNodes.Kind.Unpause, 0, TrustNodes.MemberSuspended.selector);
        bytes32 digest = keccak256("a route");
        Signatures.Signature[] memory signatures = quorum(digest);
        uint32 version = registry.setVersion();
        vm.expectPartialRevert(TrustNodes.MemberSuspended.selector);
        registry.requireQuorum(version, digest, signatures);
    }

    function test_HoweverManyAreSuspended_TheQuorumTakesAway_AndMends() public {
        begin(3, 2);
        CredentialRegistry.Admission memory honest = admissionOf(9);
        admitBy(3, 9);
        for (uint256 credential = 1; credential <= 3; credential++) {
            CredentialRegistry.Admission memory admission = admissionOf(credential);
            admitBy(credential == 3 ? 6 : credential == 2 ? 5 : 3, credential);
            removeBy(3, leaves.length - 1, admission, true);
        }
        for (uint256 i = 0; i < 3; i++) assertEq(strikesOf(i), 2);
        removeBy(3, 0, honest, false);
        decide(TrustNodes.Kind.Pause, 0);
        decide(TrustNodes.Kind.Cancel, bytes32(uint256(decide(TrustNodes.Kind.RetirePolicy, bytes32(POLICY)))));
        carry(TrustNodes.Kind.RetireAnchor, keccak256("a vendor's root"));
        for (uint256 i = 0; i < 3; i++) carry(TrustNodes.Kind.ClearStrikes, asSubject(vm.addr(keys[i])));
        carry(TrustNodes.Kind.Unpause, 0);
        admitBy(3, 10);
    }

    function test_StrikesStayWithinTheirWidth() public {
        CredentialRegistry.Admission memory first = admissionOf(1);
        CredentialRegistry.Admission memory second = admissionOf(2);
        admit(1);
        admit(2);
        bytes32 slot = keccak256(abi.encode(vm.addr(keys[0]), uint256(1)));
        vm.store(address(registry), slot, vm.load(address(registry), slot) | bytes32(uint256(254) << 8));
        assertEq(strikesOf(0), 254);
        remove(0, first, true);
        assertEq(strikesOf(0), 255);
        remove(1, second, true);
        assertEq(strikesOf(0), 255);
        assertEq(strikesOf(1), 2);
    }

    function test_LeavingAndComingBackClearsNothing() public {
        strike(1, 7);
        bytes32 subject = asSubject(vm.addr(keys[0]));
        carry(TrustNodes.Kind.RemoveMember, subject);
        carryBy(14, TrustNodes.Kind.AddMember, subject);
        assertEq(strikesOf(0), 1);
    }

    function test_WhoeverTookThePlaceLaterIsNotStruck() public {
        CredentialRegistry.Admission memory admission = admissionOf(1);
        admit(1);
        carry(TrustNodes.Kind.RemoveMember, asSubject(vm.addr(keys[0])));
        carryBy(14, TrustNodes.Kind.AddMember, asSubject(vm.addr(STRANGER)));
        removeBy(14, 0, admission, true);
        (uint8 slot, uint8 strikes,,) = registry.members(vm.addr(STRANGER));
        assertEq(registry.memberAt(slot), vm.addr(STRANGER));
        assertEq(strikes, 0);
        assertEq(strikesOf(1), 1);
    }

    function test_AnEmptyPlaceIsNotStruck() public {
        CredentialRegistry.Admission memory admission = admissionOf(1);
        admit(1);
        carry(TrustNodes.Kind.RemoveMember, asSubject(vm.addr(keys[0])));
        removeBy(14, 0, admission, true);
        (, uint8 strikes,,) = registry.members(address(0));
        assertEq(strikes, 0);
        assertEq(strikesOf(1), 1);
    }

    // Settings

    function test_RevertConstructor_WhenSettingsAreInsane() public {
        for (uint256 wrong = 0; wrong < 6; wrong++) {
            TrustNodes.Genesis memory genesis = genesisOf(4, 2);
            if (wrong == 0) genesis.floor = 1;
            if (wrong == 1) genesis.floor = 5;
            if (wrong == 2) genesis.strikeLimit = 0;
            if (wrong == 3) genesis.nonceBlocks = 0;
            if (wrong == 4) genesis.delay = 31 days;
            if (wrong == 5) {
                genesis.delay = 0;
                vm.chainId(1);
            }
            vm.expectPartialRevert(TrustNodes.SettingsInvalid.selector);
            new CredentialRegistry(genesis);
        }
    }

    function test_RevertConstructor_WhenAMemberIsZeroOrTwice() public {
        TrustNodes.Genesis memory genesis = genesisOf(4, 2);
        genesis.members[1] = address(0);
        vm.expectPartialRevert(TrustNodes.SubjectInvalid.selector);
        new CredentialRegistry(genesis);
        genesis.members[1] = genesis.members[0];
        vm.expectPartialRevert(TrustNodes.AlreadyMember.selector);
        new CredentialRegistry(genesis);
    }

    function refuse(CredentialRegistry.Admission memory admission, Signatures.Signature[] memory s, bytes4 selector)
        private
    {
        uint256 root = registry.root();
        vm.expectPartialRevert(selector);
        registry.admit(admission, s);
        assertEq(registry.root(), root);
    }

    function refuse(TrustNodes.Change memory change, Signatures.Signature[] memory s, bytes4 selector) private {
        (uint64 sequence, uint64 changes) = (registry.sequence(), registry.changes());
        vm.expectPartialRevert(selector);
        registry.schedule(change, s);
        assertEq(registry.sequence(), sequence);
        assertEq(registry.changes(), changes);
    }

    function refuse(TrustNodes.Kind kind, bytes32 subject, bytes4 selector) private {
        uint64 id = decide(kind, subject);
        vm.warp(block.timestamp + DELAY);
        vm.expectPartialRevert(selector);
        registry.execute(id);
    }

    function refuseAtOnce(TrustNodes.Kind kind, bytes32 subject, bytes4 selector) private {
        TrustNodes.Change memory change = changeOf(kind, subject);
        Signatures.Signature[] memory signatures = quorum(digestOf(change));
        vm.expectPartialRevert(selector);
        registry.schedule(change, signatures);
    }

    /// @dev Admitted by those, and removed for cause.
    function strike(uint256 credential, uint256 who) private {
        CredentialRegistry.Admission memory admission = admissionOf(credential);
        admitBy(who, credential);
        removeBy(who, leaves.length - 1, admission, true);
    }

    function strikesOf(uint256 index) private view returns (uint8 strikes) {
        (, strikes,,) = registry.members(vm.addr(keys[index]));
    }
}

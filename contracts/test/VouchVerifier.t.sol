// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Acceptances} from "../src/Acceptances.sol";
import {CredentialRegistry} from "../src/CredentialRegistry.sol";
import {IVouchVerifier} from "../src/IVouchVerifier.sol";
import {Signatures} from "../src/Signatures.sol";
import {TrustNodes} from "../src/TrustNodes.sol";
import {VouchVerifier} from "../src/VouchVerifier.sol";
import {Calldata} from "./support/Calldata.sol";

/// @notice Routes and registrations. What a proof is needed for is tested with proofs: `gateway.test.ts`.
contract VouchVerifierTest is Calldata {
    bytes32 private constant CIRCUIT = keccak256("a circuit");
    bytes32 private constant ROUTE = keccak256(
        "RouteChange(uint8 action,bytes32 circuit,address verifier,uint64 sequence,uint64 deadline,uint32 setVersion)"
    );

    VouchVerifier private gateway;

    function setUp() public {
        begin(3, 2);
        gateway = new VouchVerifier(registry, CIRCUIT, address(registry));
    }

    // What nodes sign

    function test_EveryFieldOfARouteChangeIsSigned() public {
        Signatures.Signature[] memory signatures = _signed(_disable());
        for (uint256 field = 0; field < 4; field++) {
            VouchVerifier.RouteChange memory other = _disable();
            if (field == 0) other.action = VouchVerifier.RouteAction.Freeze;
            if (field == 1) other.circuit = keccak256("another");
            if (field == 2) other.verifier = address(gateway);
            if (field == 3) other.deadline += 1;
            _refuse(other, signatures, TrustNodes.NotMember.selector);
        }
        VouchVerifier.RouteChange memory later = _disable();
        later.sequence += 1;
        _refuse(later, signatures, VouchVerifier.SequenceWrong.selector);
        later = _disable();
        later.setVersion += 1;
        _refuse(later, signatures, TrustNodes.SetVersionStale.selector);
        gateway.changeRoute(_disable(), signatures);
    }

    function test_RevertChangeRoute_WhenSignedForAnotherChainOrGateway() public {
        VouchVerifier.RouteChange memory change = _disable();
        Signatures.Signature[] memory signatures = _signed(change);
        vm.chainId(1);
        _refuse(change, signatures, TrustNodes.NotMember.selector);
        vm.chainId(31337);
        VouchVerifier signedFor = gateway;
        gateway = new VouchVerifier(registry, CIRCUIT, address(registry));
        _refuse(change, signatures, TrustNodes.NotMember.selector);
        signedFor.changeRoute(change, signatures);
    }

    function test_AChangeOfTheRegistryIsNoRouteChange() public {
        TrustNodes.Change memory change = changeOf(TrustNodes.Kind.Pause, 0);
        _refuse(_disable(), quorum(digestOf(change)), TrustNodes.NotMember.selector);
    }

    function test_RevertChangeRoute_WhenASignerIsSuspended() public {
        for (uint256 i = 1; i <= 2; i++) {
            CredentialRegistry.Admission memory admission = admissionOf(i);
            admit(i);
            remove(i - 1, admission, true);
        }
        VouchVerifier.RouteChange memory change = _disable();
        _refuse(change, _signed(change), TrustNodes.MemberSuspended.selector);
    }

    // What becomes of a route

    function test_ARouteIsDisabledAndEnabled_AndOnceFrozenNeverChanges() public {
        _become(VouchVerifier.RouteAction.Enable, IVouchVerifier.RouteFixed.selector);
        _become(VouchVerifier.RouteAction.Disable, IVouchVerifier.RouteStatus.Disabled);
        _become(VouchVerifier.RouteAction.Disable, IVouchVerifier.RouteFixed.selector);
        _become(VouchVerifier.RouteAction.Enable, IVouchVerifier.RouteStatus.Active);
        _become(VouchVerifier.RouteAction.Freeze, IVouchVerifier.RouteStatus.Frozen);
        for (uint8 action = 0; action < 4; action++) {
            _become(VouchVerifier.RouteAction(action), IVouchVerifier.RouteFixed.selector);
        }
    }

    function test_ARouteIsAddedOnce_ToAContract_AndKeepsIt() public {
        VouchVerifier.RouteChange memory change = _disable();
        (change.action, change.circuit) = (VouchVerifier.RouteAction.Add, keccak256("another"));
        change.verifier = address(0xdead);
        _refuse(change, _signed(change), IVouchVerifier.VerifierInvalid.selector);
        change.verifier = address(gateway);
        gateway.changeRoute(change, _signed(change));
        (address verifier, IVouchVerifier.RouteStatus status) = gateway.routes(change.circuit);
        assertEq(verifier, address(gateway));
        assertTrue(status == IVouchVerifier.RouteStatus.Active, "added, and not active");
        change.sequence = gateway.sequence();
        _refuse(change, _signed(change), IVouchVerifier.RouteFixed.selector);
        (change.action, change.verifier) = (VouchVerifier.RouteAction.Disable, address(registry));
        _refuse(change, _signed(change), IVouchVerifier.VerifierInvalid.selector);
        change.circuit = keccak256("a third");
        _refuse(change, _signed(change), IVouchVerifier.CircuitUnknown.selector);
    }

    function test_ARouteChangeHoldsUntilItsDeadline_Once() public {
        VouchVerifier.RouteChange memory change = _disable();
        Signatures.Signature[] memory signatures = _signed(change);
        vm.warp(change.deadline + 1);
        _refuse(change, signatures, VouchVerifier.DeadlinePassed.selector);
        vm.warp(change.deadline);
        gateway.changeRoute(change, signatures);
        _refuse(change, signatures, VouchVerifier.SequenceWrong.selector);
    }

    function _become(VouchVerifier.RouteAction action, IVouchVerifier.RouteStatus expected) private {
        VouchVerifier.RouteChange memory change = _disable();
        change.action = action;
        gateway.changeRoute(change, _signed(change));
        (, IVouchVerifier.RouteStatus status) = gateway.routes(CIRCUIT);
        assertTrue(status == expected, "another status");
    }

    function _become(VouchVerifier.RouteAction action, bytes4 refusal) private {
        VouchVerifier.RouteChange memory change = _disable();
        change.action = action;
        _refuse(change, _signed(change), refusal);
    }

    // Calldata

    function test_CutAnywhere_IsRefused() public {
        refuseCut(address(gateway), _registering());
        refuseCut(address(gateway), _changing());
    }

    function test_ARouteChangeWithAnyWordChanged_IsRefused() public {
        refuseChanged(address(gateway), _changing());
    }

    function test_WithValuesOutOfTheirTypes_IsRefused() public {
        // The action is one of four; verifier, sequence, deadline and version have their widths.
        refuseTyped(address(gateway), _changing(), 0, 4);
        refuseTyped(address(gateway), _changing(), 2, 1 << 160);
        refuseTyped(address(gateway), _changing(), 3, 1 << 64);
        refuseTyped(address(gateway), _changing(), 5, 1 << 32);
        // Of a policy: skew, whether simulated, where lists are, how long they are, and a profile.
        uint256[2][9] memory wrong = [
            [uint256(1), type(uint256).max],
            [uint256(2), 1 << 32],
            [uint256(6), 2],
            [uint256(7), 1 << 64],
            [uint256(8), type(uint256).max],
            [uint256(9), 1 << 64],
            [uint256(11), type(uint256).max],
            [uint256(12), 1 << 64],
            [uint256(13), 256]
        ];
        for (uint256 i = 0; i < wrong.length; i++) {
            refuseTyped(address(gateway), _registering(), wrong[i][0], wrong[i][1]);
        }
    }

    function fingerprint() internal view override returns (bytes32) {
        (address verifier, IVouchVerifier.RouteStatus status) = gateway.routes(CIRCUIT);
        (bool registered,) = address(gateway).staticcall(abi.encodeCall(gateway.consumer, (address(this))));
        return keccak256(abi.encode(verifier, status, gateway.sequence(), registered));
    }

    function _registering() private view returns (bytes memory) {
        Acceptances.Policy memory policy;
        (policy.clockSkew, policy.rootAge, policy.requestAge) = (60, 60, 600);
        policy.policies = new uint256[](1);
        policy.policies[0] = POLICY;
        policy.services = new Acceptances.Services[](1);
        policy.services[0] = Acceptances.Services(1, new bytes32[](1));
        return abi.encodeCall(gateway.register, (CIRCUIT, policy));
    }

    function _changing() private view returns (bytes memory) {
        return abi.encodeCall(gateway.changeRoute, (_disable(), _signed(_disable())));
    }

    function _disable() private view returns (VouchVerifier.RouteChange memory) {
        return VouchVerifier.RouteChange(
            VouchVerifier.RouteAction.Disable,
            CIRCUIT,
            address(registry),
            gateway.sequence(),
            uint64(block.timestamp + 600),
            registry.setVersion()
        );
    }

    function _signed(VouchVerifier.RouteChange memory change) private view returns (Signatures.Signature[] memory) {
        bytes32 content = keccak256(abi.encode(ROUTE, change));
        return quorum(keccak256(abi.encodePacked(hex"1901", gateway.domainSeparator(), content)));
    }

    function _refuse(VouchVerifier.RouteChange memory change, Signatures.Signature[] memory s, bytes4 selector) private {
        bytes32 before = fingerprint();
        vm.expectPartialRevert(selector);
        gateway.changeRoute(change, s);
        assertTrue(fingerprint() == before, "changed by what it refused");
    }
}

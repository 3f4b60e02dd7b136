// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Acceptances} from "../src/Acceptances.sol";
import {CredentialRegistry} from "../src/CredentialRegistry.sol";
import {IVouchVerifier} from "../src/IVouchVerifier.sol";
import {Poseidon2} from "../src/Poseidon2.sol";
import {VouchVerifier} from "../src/VouchVerifier.sol";
import {Nodes} from "./support/Nodes.sol";

/// @notice Says of every proof what it is told to say.
contract Oracle {
    bool public holds = true;

    function say(bool holds_) external {
        holds = holds_;
    }

    function verify(bytes calldata proof, bytes32[] calldata) external view returns (bool) {
        if (proof.length != 0) revert("a verifier's own words");
        return holds;
    }
}

/// @notice Every condition of a question and of the response to it, at its last value inside and its first outside. Proofs are
/// beside the point here; `gateway.test.ts` has them.
contract QuestionsTest is Nodes {
    bytes32 private constant CIRCUIT = keccak256("a circuit");
    bytes32 private constant CHALLENGE = keccak256("a challenge");
    uint32 private constant SKEW = 60;
    uint32 private constant REQUEST_AGE = 600;
    uint32 private constant RESPONSE_AGE = 300;

    Oracle private oracle;
    VouchVerifier private gateway;

    function setUp() public {
        begin(3, 2);
        oracle = new Oracle();
        gateway = new VouchVerifier(registry, CIRCUIT, address(oracle));
        _register(2);
    }

    // The question

    function test_Time() public {
        IVouchVerifier.Question memory question = _question();
        question.time = uint64(NOON + SKEW);
        _accept(question);
        question.time += 60;
        _refuse(question, IVouchVerifier.QuestionFromFuture.selector);
        question.time = uint64(NOON - REQUEST_AGE - SKEW);
        _accept(question);
        question.time -= 60;
        _refuse(question, IVouchVerifier.QuestionTooOld.selector);
        question.time = uint64(NOON + 1);
        _refuse(question, IVouchVerifier.TimeOffGrid.selector);
    }

    function test_Freshness() public {
        IVouchVerifier.Question memory question = _question();
        question.maxAge = RESPONSE_AGE;
        _accept(question);
        question.maxAge += 1;
        _refuse(question, IVouchVerifier.FreshnessTooWeak.selector);
    }

    function test_Context() public {
        IVouchVerifier.Question memory question = _question();
        question.hasContext = true;
        _accept(question);
        question.context = CHALLENGE;
        _accept(question);
        question.hasContext = false;
        _refuse(question, IVouchVerifier.ContextUnused.selector);
    }

    function test_Profile() public {
        IVouchVerifier.Question memory question = _question();
        question.profile = 0;
        _refuse(question, IVouchVerifier.ProfileNotAccepted.selector);
        question.profile = 3;
        _refuse(question, IVouchVerifier.ProfileNotAccepted.selector);
        question.profile = 2;
        _accept(question);
        _register(1);
        _refuse(question, IVouchVerifier.ProfileNotAccepted.selector);
    }

    // The response

    function test_ByChallenge() public {
        _answer(_question(), CHALLENGE, NOON - 365 days, 0);
        _answer(_question(), ~CHALLENGE, NOON, IVouchVerifier.NonceMismatch.selector);
        _answer(_question(), CHALLENGE, NOON + SKEW, 0);
        _answer(_question(), CHALLENGE, NOON + SKEW + 1, IVouchVerifier.ResponseFromFuture.selector);
    }

    function test_ByAge() public {
        IVouchVerifier.Question memory question = _question();
        question.maxAge = RESPONSE_AGE - 1;
        _answer(question, ~CHALLENGE, NOON - question.maxAge - SKEW, 0);
        _answer(question, CHALLENGE, NOON - question.maxAge - SKEW - 1, IVouchVerifier.ResponseTooOld.selector);
        _answer(question, ~CHALLENGE, NOON + SKEW, 0);
        _answer(question, CHALLENGE, NOON + SKEW + 1, IVouchVerifier.ResponseFromFuture.selector);
    }

    function test_Nullifier() public {
        bytes memory envelope = _envelope(CHALLENGE, NOON);
        IVouchVerifier.Question memory question = _question();
        (uint256 shown,) = gateway.verifyResponse(question, envelope, Poseidon2.P - 1, "");
        assertEq(shown, Poseidon2.P - 1);
        vm.expectPartialRevert(IVouchVerifier.NullifierTooLarge.selector);
        gateway.verifyResponse(question, envelope, Poseidon2.P, "");
    }

    function test_Payload() public view {
        (, bytes memory payload) = gateway.verifyResponse(_question(), _envelope(CHALLENGE, NOON), 1, "");
        assertEq(uint256(keccak256(payload)), uint256(keccak256("hello")));
    }

    // The proof

    function test_AProofThatIsFalse_OrNoProof() public {
        IVouchVerifier.Question memory question = _question();
        oracle.say(false);
        _refuse(question, IVouchVerifier.ProofFalse.selector);
        oracle.say(true);
        _accept(question);
        vm.expectPartialRevert(IVouchVerifier.ProofFalse.selector);
        gateway.verifyResponse(question, _envelope(CHALLENGE, NOON), 1, "no proof");
    }

    function test_AProofThatIsFalse_ForWantOfGas() public {
        IVouchVerifier.Question memory question = _question();
        oracle.say(false);
        vm.expectPartialRevert(IVouchVerifier.GasTooLow.selector);
        gateway.verifyResponse{gas: 700_000}(question, _envelope(CHALLENGE, NOON), 1, "");
    }

    // Who asks, and about which registry

    function test_WhoNeverRegistered_AsksNothing() public {
        IVouchVerifier.Question memory question = _question();
        vm.prank(address(oracle));
        vm.expectPartialRevert(IVouchVerifier.ConsumerUnknown.selector);
        gateway.verifyResponse(question, _envelope(CHALLENGE, NOON), 1, "");
    }

    function test_ARootThatIsNoneOfTheRegistrys() public {
        IVouchVerifier.Question memory question = _question();
        question.root ^= 1;
        vm.expectRevert();
        gateway.verifyResponse(question, _envelope(CHALLENGE, NOON), 1, "");
    }

    function test_WhatIsNoContract() public {
        vm.expectPartialRevert(IVouchVerifier.VerifierInvalid.selector);
        new VouchVerifier(registry, CIRCUIT, address(0xdead));
        vm.expectRevert();
        new VouchVerifier(CredentialRegistry(address(0xdead)), CIRCUIT, address(oracle));
    }

    function test_ACircuitWithoutARoute() public {
        vm.expectPartialRevert(IVouchVerifier.CircuitUnknown.selector);
        gateway.register(keccak256("another"), _policy(1));
    }

    function _question() private view returns (IVouchVerifier.Question memory question) {
        question.challenge = CHALLENGE;
        question.profile = 1;
        question.time = uint64(NOON);
        question.root = registry.root();
    }

    /// @dev The only place that knows the bytes of an envelope.
    function _envelope(bytes32 nonce, uint256 time) private pure returns (bytes memory) {
        bytes memory head = abi.encodePacked(bytes18("vouch-envelope-v1"), uint32(32), nonce, uint32(8), uint64(time));
        return abi.encodePacked(head, uint32(32), bytes32(0), uint32(5), "hello");
    }

    function _accept(IVouchVerifier.Question memory question) private view {
        gateway.verifyResponse(question, _envelope(CHALLENGE, NOON), 1, "");
    }

    function _refuse(IVouchVerifier.Question memory question, bytes4 selector) private {
        vm.expectPartialRevert(selector);
        gateway.verifyResponse(question, _envelope(CHALLENGE, NOON), 1, "");
    }

    function _answer(IVouchVerifier.Question memory question, bytes32 nonce, uint256 time, bytes4 selector) private {
        if (selector != 0) vm.expectPartialRevert(selector);
        gateway.verifyResponse(question, _envelope(nonce, time), 1, "");
    }

    function _register(uint8 profiles) private {
        gateway.register(CIRCUIT, _policy(profiles));
    }

    function _policy(uint8 profiles) private pure returns (Acceptances.Policy memory policy) {
        (policy.clockSkew, policy.rootAge) = (SKEW, 60);
        (policy.requestAge, policy.responseAge) = (REQUEST_AGE, RESPONSE_AGE);
        policy.policies = new uint256[](1);
        policy.policies[0] = POLICY;
        policy.services = new Acceptances.Services[](profiles);
        for (uint8 i = 0; i < profiles; i++) policy.services[i] = Acceptances.Services(i + 1, new bytes32[](1));
    }
}

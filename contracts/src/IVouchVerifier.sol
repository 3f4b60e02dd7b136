// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.13;

import {Acceptances} from "./Acceptances.sol";

/// @title The gateway that other contracts call to accept a vouched response
/// @notice A call that returns says: a service that the caller accepts signed this envelope with a key that sits in hardware
/// which the registry admitted under a policy that the caller accepts; and whoever proved it did so for this caller, on this chain,
/// for this very question. A call that does not hold reverts: there is no boolean to forget.
///
/// INTEGRATOR RESPONSIBILITIES. What the call does not check:
/// 1. That it was not shown before. The call changes nothing and succeeds again. Keep what you have accepted: the hash of the
///    envelope, which you compute: `Envelopes.digest`. A nullifier does not count answers: see 6.
/// 2. That the challenge is yours. Compute it yourself; put into it whoever shall benefit, or anyone who sees the transaction
///    can send it with another beneficiary. It names you and the chain already.
/// 3. That the challenge is new. By challenge, a response is as old as the challenge can have been known: one that can be foreseen,
///    or serves twice, lets old responses in. A maximum age (`responseAge`) bounds the response by its own time instead.
/// 4. Who sends. Relayers may. `msg.sender` of your own function says nothing about the response.
/// 5. What the payload says; and, unless the question has an `askHash`, what was asked: the envelope's hash of it is salted.
/// 6. That different nullifiers are different machines or people. A nullifier is once per credential within one context: a
///    machine that enrolls twice has two. Count answers by the envelope's hash. Without a context nullifiers say nothing.
/// 7. That the policies and services that you list are good. Policies are worth their weakest hardware; the quorum of trust nodes
///    is believed to admit only what is.
/// 8. Gas. A false proof may burn all that it is given: the curve's precompiles do so on bad points. Given too little to tell, the
///    call reverts with `GasTooLow`, and has decided nothing.
interface IVouchVerifier {
    /// @notice What the caller asks. With what it registered, this makes the Request of the protocol.
    /// @param challenge See the responsibilities.
    /// @param hasContext Whether responses shall be linkable within `context`, which is zero if not.
    /// @param profile How the envelope was signed: 1 sha256, 2 eip191.
    /// @param maxAge Oldest response in seconds; zero to demand that the response itself is to the challenge.
    /// @param time The Request's clock, on a grid of 60 s.
    /// @param root The registry's root that was proven against.
    /// @param askHash Where the caller chooses what the service is asked: SHA-256("vouch-ask-v1" ‖ salt ‖ message). Zero if not.
    struct Question {
        bytes32 challenge;
        bool hasContext;
        bytes32 context;
        uint8 profile;
        uint32 maxAge;
        uint64 time;
        uint256 root;
        bytes32 askHash;
    }

    enum RouteStatus {
        None,
        Active,
        Disabled,
        Frozen
    }

    event ConsumerRegistered(address indexed consumer, bytes32 indexed circuit, uint256 acceptance);
    event RouteSet(bytes32 indexed circuit, address verifier, RouteStatus status, uint64 signers);

    error ConsumerUnknown(address consumer);
    error CircuitUnknown(bytes32 circuit);
    error CircuitUnavailable(bytes32 circuit, RouteStatus status);
    error RouteFixed(bytes32 circuit, RouteStatus status);
    error VerifierInvalid(address verifier);
    error RegistryInvalid(address registry);
    error ProfileNotAccepted(uint8 profile);
    error FreshnessTooWeak(uint32 maxAge, uint32 allowed);
    error ContextUnused(bytes32 context);
    error TimeOffGrid(uint64 time);
    error QuestionTooOld(uint64 time);
    error QuestionFromFuture(uint64 time);
    error NonceMismatch(bytes32 clientNonce, bytes32 challenge);
    error AskMismatch(bytes32 given, bytes32 wanted);
    error ResponseTooOld(uint64 time);
    error ResponseFromFuture(uint64 time);
    error NullifierTooLarge(uint256 nullifier);
    error ProofFalse();
    error GasTooLow(uint256 available, uint256 needed);

    /// @notice Registers whom the caller believes. The roots over its lists are computed now, and kept. A later call replaces
    /// all of it: proofs for what was before are void then.
    /// @param circuit SHA-256 of the verification key of the circuit that proofs shall be of.
    /// @return acceptance What every Request for this caller commits to.
    function register(bytes32 circuit, Acceptances.Policy calldata policy) external returns (uint256 acceptance);

    /// @notice Verifies a response for the caller, as of now. Returns what was proven, or reverts with one of the errors above, or
    /// of the registry, the envelope's form or the ABI.
    function verifyResponse(
        Question calldata question,
        bytes calldata envelope,
        uint256 nullifier,
        bytes calldata proof
    ) external view returns (uint256 provenNullifier, bytes memory payload);

    /// @notice What a consumer registered: everything that a prover needs to make its Request.
    /// @param policy The acceptance policy in the encoding of the protocol.
    function consumer(address account)
        external
        view
        returns (bytes32 circuit, uint256 acceptance, bytes memory policy);
}

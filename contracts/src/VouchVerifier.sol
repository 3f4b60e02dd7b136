// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Acceptances} from "./Acceptances.sol";
import {CredentialRegistry} from "./CredentialRegistry.sol";
import {Envelopes} from "./Envelopes.sol";
import {IVouchVerifier} from "./IVouchVerifier.sol";
import {Listings} from "./Listings.sol";
import {Poseidon2} from "./Poseidon2.sol";
import {Requests} from "./Requests.sol";
import {Signatures} from "./Signatures.sol";
import {Statements} from "./Statements.sol";

/// @notice A circuit's verifier, as Barretenberg generates it.
interface IProofVerifier {
    function verify(bytes calldata proof, bytes32[] calldata publicInputs) external view returns (bool);
}

/// @title The gateway: verifies vouched responses against one registry
/// @notice Nothing that a caller sends is believed. Every public input of the proof is computed here: from the question, from
/// what the consumer registered, from the envelope's bytes, and from what the registry says. No digest, hash or leaf comes in.
contract VouchVerifier is IVouchVerifier {
    enum RouteAction {
        Add,
        Disable,
        Enable,
        Freeze
    }

    /// @notice What the registry's trust nodes sign to change a route. Its verifier never changes; frozen is for ever.
    struct RouteChange {
        RouteAction action;
        bytes32 circuit;
        address verifier;
        uint64 sequence;
        uint64 deadline;
        uint32 setVersion;
    }

    struct Route {
        address verifier;
        RouteStatus status;
    }

    uint64 public constant TIME_GRID = 60;
    /// @notice More than any verifier of a route needs for a proof that holds. What refuses with less has decided nothing.
    uint256 public constant VERIFIER_GAS = 800_000;

    bytes32 private constant ROUTE_TYPE = keccak256(
        "RouteChange(uint8 action,bytes32 circuit,address verifier,uint64 sequence,uint64 deadline,uint32 setVersion)"
    );

    CredentialRegistry public immutable registry;
    /// @notice What the next signed change of a route must carry.
    uint64 public sequence;
    /// @notice By the SHA-256 of the circuit's verification key.
    mapping(bytes32 circuit => Route) public routes;
    mapping(address consumer => address) private _listings;

    error DeadlinePassed(uint64 deadline);
    error SequenceWrong(uint64 given, uint64 expected);

    constructor(CredentialRegistry registry_, bytes32 circuit, address verifier) {
        if (address(registry_).code.length == 0) revert RegistryInvalid(address(registry_));
        registry = registry_;
        _addRoute(circuit, verifier, 0);
    }

    /// @inheritdoc IVouchVerifier
    function register(bytes32 circuit, Acceptances.Policy calldata policy) external returns (uint256 acceptance) {
        if (routes[circuit].status == RouteStatus.None) revert CircuitUnknown(circuit);
        (_listings[msg.sender], acceptance) = Listings.write(circuit, policy, _registryId());
        emit ConsumerRegistered(msg.sender, circuit, acceptance);
    }

    /// @inheritdoc IVouchVerifier
    function verifyResponse(
        Question calldata question,
        bytes calldata envelope,
        uint256 nullifier,
        bytes calldata proof
    ) external view returns (uint256 provenNullifier, bytes memory payload) {
        if (nullifier >= Poseidon2.P) revert NullifierTooLarge(nullifier);
        Listings.Listing memory listing = _listingOf(msg.sender);
        _checkQuestion(question, listing);
        payload = _checkEnvelope(question, envelope, Listings.uint32At(listing.policy, Listings.SKEW_AT));
        registry.requireRoot(question.root, Listings.uint32At(listing.policy, Listings.ROOT_AGE_AT));
        _checkProof(listing.circuit, proof, _publicInputs(question, listing, envelope, nullifier));
        return (nullifier, payload);
    }

    /// @inheritdoc IVouchVerifier
    function consumer(address account)
        external
        view
        returns (bytes32 circuit, uint256 acceptance, bytes memory policy)
    {
        Listings.Listing memory listing = _listingOf(account);
        return (listing.circuit, listing.acceptance, listing.policy);
    }

    /// @notice Adds, disables, enables or freezes a route, as a quorum of the registry's nodes has signed.
    function changeRoute(RouteChange calldata change, Signatures.Signature[] calldata signatures) external {
        if (block.timestamp > change.deadline) revert DeadlinePassed(change.deadline);
        if (change.sequence != sequence) revert SequenceWrong(change.sequence, sequence);
        sequence++;
        bytes32 digest = Signatures.digest(domainSeparator(), keccak256(abi.encode(ROUTE_TYPE, change)));
        uint64 signers = registry.requireQuorum(change.setVersion, digest, signatures);
        if (change.action == RouteAction.Add) return _addRoute(change.circuit, change.verifier, signers);
        Route memory route = routes[change.circuit];
        if (route.status == RouteStatus.None) revert CircuitUnknown(change.circuit);
        if (route.status == RouteStatus.Frozen) revert RouteFixed(change.circuit, route.status);
        if (route.verifier != change.verifier) revert VerifierInvalid(change.verifier);
        RouteStatus next = _next(change.action);
        if (route.status == next) revert RouteFixed(change.circuit, next);
        routes[change.circuit].status = next;
        emit RouteSet(change.circuit, route.verifier, next, signers);
    }

    /// @notice Domain of what nodes sign for this contract, on the chain as it is now.
    function domainSeparator() public view returns (bytes32) {
        return Signatures.domain("Vouch Verifier", address(this));
    }

    function _addRoute(bytes32 circuit, address verifier, uint64 signers) private {
        if (routes[circuit].status != RouteStatus.None) revert RouteFixed(circuit, routes[circuit].status);
        if (verifier.code.length == 0) revert VerifierInvalid(verifier);
        routes[circuit] = Route(verifier, RouteStatus.Active);
        emit RouteSet(circuit, verifier, RouteStatus.Active, signers);
    }

    function _next(RouteAction action) private pure returns (RouteStatus) {
        if (action == RouteAction.Freeze) return RouteStatus.Frozen;
        return action == RouteAction.Disable ? RouteStatus.Disabled : RouteStatus.Active;
    }

    function _listingOf(address account) private view returns (Listings.Listing memory) {
        address listing = _listings[account];
        if (listing == address(0)) revert ConsumerUnknown(account);
        return Listings.read(listing);
    }

    /// @dev Section 11.2 of the protocol: is what was asked what the consumer's policy asks for, and lately?
    function _checkQuestion(Question calldata question, Listings.Listing memory listing) private view {
        uint8 profile = question.profile;
        if (profile == 0 || profile > Acceptances.PROFILES || listing.servicesRoots[profile - 1] == 0) {
            revert ProfileNotAccepted(profile);
        }
        uint32 allowed = Listings.uint32At(listing.policy, Listings.RESPONSE_AGE_AT);
        if (question.maxAge > allowed) revert FreshnessTooWeak(question.maxAge, allowed);
        if (!question.hasContext && question.context != 0) revert ContextUnused(question.context);
        if (question.time % TIME_GRID != 0) revert TimeOffGrid(question.time);
        uint256 skew = Listings.uint32At(listing.policy, Listings.SKEW_AT);
        if (question.time > block.timestamp + skew) revert QuestionFromFuture(question.time);
        uint256 oldest = Listings.uint32At(listing.policy, Listings.REQUEST_AGE_AT) + skew;
        if (question.time + oldest < block.timestamp) revert QuestionTooOld(question.time);
    }

    /// @dev Section 11.4: was the response given for this question, or lately enough?
    function _checkEnvelope(Question calldata question, bytes calldata envelope, uint256 skew)
        private
        view
        returns (bytes memory payload)
    {
        Envelopes.Envelope memory content = Envelopes.decode(envelope);
        if (question.maxAge == 0) {
            if (content.clientNonce != question.challenge) {
                revert NonceMismatch(content.clientNonce, question.challenge);
            }
        } else if (content.time + question.maxAge + skew < block.timestamp) {
            revert ResponseTooOld(content.time);
        }
        if (question.askHash != 0 && content.askHash != question.askHash) {
            revert AskMismatch(content.askHash, question.askHash);
        }
        if (content.time > block.timestamp + skew) revert ResponseFromFuture(content.time);
        return content.payload;
    }

    function _publicInputs(
        Question calldata question,
        Listings.Listing memory listing,
        bytes calldata envelope,
        uint256 nullifier
    ) private view returns (bytes32[] memory) {
        Requests.Believed memory believed = Requests.Believed({
            verifierId: Statements.verifierId(msg.sender),
            registryId: _registryId(),
            acceptance: listing.acceptance,
            servicesRoot: listing.servicesRoots[question.profile - 1],
            policiesRoot: listing.policiesRoot,
            services: Listings.services(listing.policy, question.profile),
            policies: Listings.policies(listing.policy)
        });
        return Requests.publicInputs(question, believed, envelope, nullifier);
    }

    function _checkProof(bytes32 circuit, bytes calldata proof, bytes32[] memory inputs) private view {
        Route memory route = routes[circuit];
        if (route.status != RouteStatus.Active) revert CircuitUnavailable(circuit, route.status);
        uint256 available = gasleft();
        try IProofVerifier(route.verifier).verify(proof, inputs) returns (bool holds) {
            if (holds) return;
        } catch {}
        // A verifier that starves fails like one that refuses; of 64 parts of the gas it got 63, and the last is left to tell.
        if (available < VERIFIER_GAS) revert GasTooLow(available, VERIFIER_GAS);
        revert ProofFalse();
    }

    function _registryId() private view returns (bytes32) {
        return Statements.registryId(address(registry));
    }
}

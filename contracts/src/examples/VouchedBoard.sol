// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.18;

import {Acceptances} from "../Acceptances.sol";
import {Envelopes} from "../Envelopes.sol";
import {IVouchVerifier} from "../IVouchVerifier.sol";

/// @title A board that takes vouched responses only, each once: a consumer to copy
/// @notice Anyone may send what somebody else proved: the beneficiary is in the challenge, and the proof is for that challenge.
contract VouchedBoard {
    /// @notice How services sign for this board.
    uint8 public constant PROFILE = Envelopes.SHA256;
    /// @notice Its challenges can be foreseen, so a response is dated by its own time.
    uint32 public constant MAX_AGE = 10 minutes;

    IVouchVerifier public immutable gateway;

    mapping(bytes32 answer => bool) public taken;

    event Posted(address indexed beneficiary, bytes payload);

    error BeneficiaryZero();
    error AlreadyPosted(bytes32 answer);

    constructor(IVouchVerifier gateway_, bytes32 circuit, Acceptances.Policy memory policy) {
        gateway = gateway_;
        gateway_.register(circuit, policy);
    }

    /// @notice What responses for a beneficiary are proven for. The contract's own: nobody chooses it. It is this contract's
    /// scope too, since it asks within no context: nullifiers of different beneficiaries do not link.
    function challengeFor(address beneficiary) public view returns (bytes32) {
        return sha256(abi.encode("vouched-board-v1", block.chainid, address(this), beneficiary));
    }

    /// @notice Posts a response for a beneficiary.
    /// @param time The Request's clock, and `root` the registry's root: what was proven at.
    function post(
        address beneficiary,
        uint64 time,
        uint256 root,
        bytes calldata envelope,
        uint256 nullifier,
        bytes calldata proof
    ) external {
        if (beneficiary == address(0)) revert BeneficiaryZero();
        // The same response under another proof is the same response: what was signed counts, not what was sent.
        bytes32 answer = Envelopes.digest(PROFILE, envelope);
        if (taken[answer]) revert AlreadyPosted(answer);
        taken[answer] = true;
        IVouchVerifier.Question memory question = IVouchVerifier.Question({
            challenge: challengeFor(beneficiary),
            hasContext: false,
            context: 0,
            profile: PROFILE,
            maxAge: MAX_AGE,
            time: time,
            root: root,
            askHash: 0
        });
        (, bytes memory payload) = gateway.verifyResponse(question, envelope, nullifier, proof);
        emit Posted(beneficiary, payload);
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Acceptances} from "../../src/Acceptances.sol";
import {Envelopes} from "../../src/Envelopes.sol";
import {IVouchVerifier} from "../../src/IVouchVerifier.sol";

// What docs/contracts.md shows, letter by letter: a test compares, so that the page always compiles.

contract MyContract {
    // Provers read these three, and challengeFor, by these names.
    IVouchVerifier public immutable gateway;
    uint8 public constant PROFILE = Envelopes.SHA256;
    uint32 public constant MAX_AGE = 10 minutes;

    mapping(bytes32 answer => bool) taken;

    event Claimed(address beneficiary, bytes payload);
    error AlreadyTaken();

    constructor(IVouchVerifier gateway_, bytes32 circuit, Acceptances.Policy memory policy) {
        gateway = gateway_;
        gateway_.register(circuit, policy);                                       // 1 whom it believes
    }

    function challengeFor(address beneficiary) public view returns (bytes32) {    // 2 its own challenge
        return sha256(abi.encode("my-contract-v1", block.chainid, address(this), beneficiary));
    }

    function claim(address beneficiary, uint64 time, uint256 root, bytes calldata envelope, uint256 nullifier, bytes calldata proof) external {
        bytes32 answer = Envelopes.digest(PROFILE, envelope);                     // 3 each response once
        if (taken[answer]) revert AlreadyTaken();
        taken[answer] = true;
        IVouchVerifier.Question memory question =
            IVouchVerifier.Question(challengeFor(beneficiary), false, 0, PROFILE, MAX_AGE, time, root, 0);
        (, bytes memory payload) = gateway.verifyResponse(question, envelope, nullifier, proof);   // 4 returns, or reverts
        emit Claimed(beneficiary, payload);                                       // 5 now it may act, for the beneficiary
    }
}

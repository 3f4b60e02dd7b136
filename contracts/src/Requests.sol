// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.13;

import {Envelopes} from "./Envelopes.sol";
import {IVouchVerifier} from "./IVouchVerifier.sol";
import {Statements} from "./Statements.sol";

/// @title The Request of the protocol, and what follows from it: sections 8 and 9
library Requests {
    /// @notice What a Request holds besides the question: nothing that a caller sends.
    /// @param services `u16 S ‖ drvs` of the question's profile; `policies` is `u16 Q ‖ policy ids`.
    struct Believed {
        bytes32 verifierId;
        bytes32 registryId;
        uint256 acceptance;
        uint256 servicesRoot;
        uint256 policiesRoot;
        bytes services;
        bytes policies;
    }

    uint8 private constant VERSION = 2;
    /// @dev What the Request asks for; behind it stand zeros, where a session has its sealing key and its end.
    uint8 private constant ANSWER = 0;

    /// @notice The circuit's public inputs, in its order. Of these the nullifier alone is the caller's word; the proof binds it.
    function publicInputs(
        IVouchVerifier.Question calldata question,
        Believed memory believed,
        bytes calldata envelope,
        uint256 nullifier
    ) internal pure returns (bytes32[] memory inputs) {
        uint256 digest = uint256(Envelopes.digest(question.profile, envelope));
        bytes32 within = question.hasContext ? question.context : question.challenge;
        inputs = new bytes32[](9);
        inputs[0] = bytes32(question.root);
        inputs[1] = bytes32(believed.policiesRoot);
        inputs[2] = bytes32(believed.servicesRoot);
        inputs[3] = bytes32(uint256(question.time));
        inputs[4] = bytes32(digest >> 128);
        inputs[5] = bytes32(uint256(uint128(digest)));
        inputs[6] = bytes32(hash(question, believed));
        inputs[7] = bytes32(Statements.scope(believed.verifierId, question.hasContext, within));
        inputs[8] = bytes32(nullifier);
    }

    /// @notice Hash of the Request's one binary form.
    function hash(IVouchVerifier.Question calldata question, Believed memory believed) internal pure returns (uint256) {
        bytes memory asked = abi.encodePacked(
            VERSION,
            believed.verifierId,
            question.challenge,
            question.hasContext,
            question.context,
            question.profile,
            question.maxAge != 0
        );
        bytes memory rest = abi.encodePacked(
            question.maxAge,
            question.time,
            believed.registryId,
            question.root,
            believed.acceptance,
            question.askHash != 0,
            question.askHash
        );
        bytes memory lists = abi.encodePacked(ANSWER, bytes32(0), uint64(0), believed.services, believed.policies);
        return Statements.field(abi.encodePacked("vouch-request-v2", asked, rest, lists));
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Acceptances} from "../../src/Acceptances.sol";
import {Envelopes} from "../../src/Envelopes.sol";
import {IVouchVerifier} from "../../src/IVouchVerifier.sol";
import {Poseidon2} from "../../src/Poseidon2.sol";
import {RegistryTree} from "../../src/RegistryTree.sol";
import {Requests} from "../../src/Requests.sol";
import {Statements} from "../../src/Statements.sol";

/// @notice The libraries, callable: what the vectors are run against.
contract Harness {
    /// @notice Leaves that come, together, or one that goes if none comes.
    struct Step {
        uint256[] inserted;
        uint256 index;
        uint256 removed;
        uint256[20] siblings;
    }

    RegistryTree.Frontier private _frontier;

    function permute(uint256[4][] calldata states) external pure returns (uint256[4][] memory out) {
        out = new uint256[4][](states.length);
        for (uint256 i = 0; i < states.length; i++) {
            (uint256 a, uint256 b, uint256 c, uint256 d) =
                Poseidon2.permute(states[i][0], states[i][1], states[i][2], states[i][3]);
            out[i] = [a, b, c, d];
        }
    }

    /// @notice Gas of one permutation, without the call around it.
    function permutationGas(uint256[4] calldata state) external view returns (uint256 gas) {
        (uint256 a, uint256 b, uint256 c, uint256 d) = (state[0], state[1], state[2], state[3]);
        gas = gasleft();
        Poseidon2.permute(a, b, c, d);
        gas -= gasleft();
    }

    function hash2(uint256[2][] calldata inputs) external pure returns (uint256[] memory hashes) {
        hashes = new uint256[](inputs.length);
        for (uint256 i = 0; i < inputs.length; i++) hashes[i] = Poseidon2.hash(inputs[i][0], inputs[i][1]);
    }

    function hash3(uint256[3][] calldata inputs) external pure returns (uint256[] memory hashes) {
        hashes = new uint256[](inputs.length);
        for (uint256 i = 0; i < inputs.length; i++) {
            hashes[i] = Poseidon2.hash(inputs[i][0], inputs[i][1], inputs[i][2]);
        }
    }

    function hash4(uint256[4][] calldata inputs) external pure returns (uint256[] memory hashes) {
        hashes = new uint256[](inputs.length);
        for (uint256 i = 0; i < inputs.length; i++) {
            hashes[i] = Poseidon2.hash(inputs[i][0], inputs[i][1], inputs[i][2], inputs[i][3]);
        }
    }

    function leaf(uint256 credential, uint256 policyId, uint256 expiresAt) external pure returns (uint256) {
        return Statements.leaf(credential, policyId, expiresAt);
    }

    function registryId(address registry) external view returns (bytes32) {
        return Statements.registryId(registry);
    }

    function verifierId(address verifier) external view returns (bytes32) {
        return Statements.verifierId(verifier);
    }

    function scope(bytes32 verifier, bool hasContext, bytes32 within) external pure returns (uint256) {
        return Statements.scope(verifier, hasContext, within);
    }

    function policiesRoot(uint256[] calldata ids) external pure returns (uint256) {
        return Statements.policiesRoot(ids);
    }

    function servicesRoot(bytes32[] calldata drvs) external pure returns (uint256) {
        return Statements.servicesRoot(drvs);
    }

    function digest(uint8 profile, bytes calldata envelope) external pure returns (bytes32) {
        return Envelopes.digest(profile, envelope);
    }

    function decode(bytes calldata envelope) external pure returns (bytes32, uint64, bytes32, bytes memory) {
        Envelopes.Envelope memory content = Envelopes.decode(envelope);
        return (content.clientNonce, content.time, content.askHash, content.payload);
    }

    function requestHash(IVouchVerifier.Question calldata question, Requests.Believed calldata believed)
        external
        pure
        returns (uint256)
    {
        return Requests.hash(question, believed);
    }

    function publicInputs(
        IVouchVerifier.Question calldata question,
        Requests.Believed calldata believed,
        bytes calldata envelope,
        uint256 nullifier
    ) external pure returns (bytes32[] memory) {
        return Requests.publicInputs(question, believed, envelope, nullifier);
    }

    function acceptance(Acceptances.Policy calldata policy, bytes32 registryId_) external pure returns (bytes memory) {
        return Acceptances.encode(policy, registryId_);
    }

    /// @notice The root after each step, of a tree that was empty.
    function replay(Step[] calldata steps) external returns (uint256[] memory roots) {
        roots = new uint256[](steps.length);
        uint256 size;
        uint256 root = RegistryTree.emptyRoot();
        for (uint256 i = 0; i < steps.length; i++) {
            Step calldata step = steps[i];
            for (uint256 j = 0; j < step.inserted.length; j++) {
                RegistryTree.push(_frontier, size++, step.inserted[j]);
            }
            root = step.inserted.length > 0
                ? RegistryTree.root(_frontier, size)
                : RegistryTree.remove(_frontier, size, step.index, step.removed, step.siblings, root);
            roots[i] = root;
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.13;

import {Statements} from "./Statements.sol";

/// @title Whom a consumer believes: the acceptance policy of section 8 of the protocol, with a registry on chain
/// @notice The form is the one that verifiers off chain use, so that a consumer's policy is printed, read and hashed by the same
/// tools. Heads on chain have no signer: its 33 bytes are zero. `head_age` is how long a root may have been superseded.
library Acceptances {
    /// @param responseAge Largest maximum age of a response in seconds; zero to accept by challenge alone.
    /// @param simulated Whether policies that admit simulated evidence are believed: for development alone.
    /// @param policies Ids of admission policies, ascending.
    /// @param services For each digest profile that is believed, by ascending number, what services are.
    struct Policy {
        uint32 clockSkew;
        uint32 rootAge;
        uint32 requestAge;
        uint32 responseAge;
        bool simulated;
        uint256[] policies;
        Services[] services;
    }

    /// @param profile 1 is sha256, 2 is eip191.
    /// @param drvs What identifies the services' code, ascending.
    struct Services {
        uint8 profile;
        bytes32[] drvs;
    }

    uint8 internal constant PROFILES = 2;
    uint32 internal constant MAX_RESPONSE_AGE = 604_800;
    uint32 private constant MAX_AGE = 31_536_000;
    uint32 private constant MAX_SKEW = 3600;
    uint256 private constant MAX_POLICIES = 16;
    uint256 private constant MAX_SERVICES = 256;

    error AgesInvalid();
    error PoliciesInvalid();
    error ProfilesInvalid();
    error ServicesInvalid(uint8 profile);

    /// @notice The policy's bytes, or a revert if it breaks a rule of its form.
    function encode(Policy calldata policy, bytes32 registryId) internal pure returns (bytes memory encoded) {
        _requireAges(policy);
        _requirePolicies(policy.policies, policy.simulated);
        encoded = abi.encodePacked(
            uint8(1),
            registryId,
            new bytes(33),
            policy.clockSkew,
            policy.rootAge,
            policy.requestAge,
            policy.responseAge != 0,
            policy.responseAge,
            policy.simulated,
            uint16(policy.policies.length),
            policy.policies
        );
        encoded = abi.encodePacked(encoded, uint8(policy.services.length));
        if (policy.services.length == 0) revert ProfilesInvalid();
        uint8 last = 0;
        for (uint256 i = 0; i < policy.services.length; i++) {
            Services calldata accepted = policy.services[i];
            if (accepted.profile <= last || accepted.profile > PROFILES) revert ProfilesInvalid();
            last = accepted.profile;
            _requireServices(accepted);
            encoded = abi.encodePacked(encoded, accepted.profile, uint16(accepted.drvs.length), accepted.drvs);
        }
    }

    function _requireAges(Policy calldata policy) private pure {
        bool sane = policy.clockSkew <= MAX_SKEW && _isAge(policy.rootAge) && _isAge(policy.requestAge)
            && policy.responseAge <= MAX_RESPONSE_AGE;
        if (!sane) revert AgesInvalid();
    }

    function _isAge(uint32 age) private pure returns (bool) {
        return age >= 1 && age <= MAX_AGE;
    }

    function _requirePolicies(uint256[] calldata ids, bool simulated) private pure {
        if (ids.length == 0 || ids.length > MAX_POLICIES) revert PoliciesInvalid();
        uint256 limit = simulated ? Statements.POLICY_ID_LIMIT : Statements.SIMULATED_POLICIES;
        for (uint256 i = 0; i < ids.length; i++) {
            if (ids[i] >= limit || (i > 0 && ids[i] <= ids[i - 1])) revert PoliciesInvalid();
        }
    }

    function _requireServices(Services calldata accepted) private pure {
        bytes32[] calldata drvs = accepted.drvs;
        if (drvs.length == 0 || drvs.length > MAX_SERVICES) revert ServicesInvalid(accepted.profile);
        for (uint256 i = 1; i < drvs.length; i++) {
            if (drvs[i] <= drvs[i - 1]) revert ServicesInvalid(accepted.profile);
        }
    }
}

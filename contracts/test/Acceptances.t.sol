// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Acceptances} from "../src/Acceptances.sol";
import {Statements} from "../src/Statements.sol";
import {VouchVerifier} from "../src/VouchVerifier.sol";
import {Nodes} from "./support/Nodes.sol";

/// @notice Every rule of an acceptance policy's form, at its last value inside and its first outside.
contract AcceptancesTest is Nodes {
    bytes32 private constant CIRCUIT = keccak256("a circuit");
    uint32 private constant YEAR = 31_536_000;
    /// @dev Behind the version, the registry's id, a signer of zeros and three ages.
    uint256 private constant FRESHNESS_AT = 1 + 32 + 33 + 3 * 4;

    VouchVerifier private gateway;

    function setUp() public {
        begin(3, 2);
        gateway = new VouchVerifier(registry, CIRCUIT, address(registry));
    }

    function test_Ages() public {
        // Skew, root, request, response; and whether they are taken.
        uint32[5][10] memory ages = [
            [uint32(3600), 1, 1, 0, 1],
            [uint32(0), YEAR, YEAR, 604_800, 1],
            [uint32(3600), YEAR, 1, 1, 1],
            [uint32(3601), 1, 1, 0, 0],
            [uint32(0), 0, 1, 0, 0],
            [uint32(0), YEAR + 1, 1, 0, 0],
            [uint32(0), 1, 0, 0, 0],
            [uint32(0), 1, YEAR + 1, 0, 0],
            [uint32(0), 1, 1, 604_801, 0],
            [type(uint32).max, 1, 1, 0, 0]
        ];
        for (uint256 i = 0; i < ages.length; i++) {
            Acceptances.Policy memory policy = _policy();
            (policy.clockSkew, policy.rootAge) = (ages[i][0], ages[i][1]);
            (policy.requestAge, policy.responseAge) = (ages[i][2], ages[i][3]);
            if (ages[i][4] == 1) gateway.register(CIRCUIT, policy);
            else _refuse(policy, Acceptances.AgesInvalid.selector);
        }
    }

    function test_Policies() public {
        Acceptances.Policy memory policy = _policy();
        policy.policies = _ascending(16);
        gateway.register(CIRCUIT, policy);
        policy.policies = _ascending(17);
        _refuse(policy, Acceptances.PoliciesInvalid.selector);
        policy.policies = _ascending(0);
        _refuse(policy, Acceptances.PoliciesInvalid.selector);
        policy.policies = _ascending(3);
        policy.policies[1] = policy.policies[0];
        _refuse(policy, Acceptances.PoliciesInvalid.selector);
        policy.policies[1] = policy.policies[2];
        _refuse(policy, Acceptances.PoliciesInvalid.selector);
        policy.policies = _ascending(3);
        (policy.policies[0], policy.policies[1]) = (policy.policies[1], policy.policies[0]);
        _refuse(policy, Acceptances.PoliciesInvalid.selector);
    }

    function test_PoliciesThatAreSimulated() public {
        Acceptances.Policy memory policy = _policy();
        policy.policies[0] = Statements.SIMULATED_POLICIES - 1;
        gateway.register(CIRCUIT, policy);
        policy.policies[0] = Statements.SIMULATED_POLICIES;
        _refuse(policy, Acceptances.PoliciesInvalid.selector);
        policy.simulated = true;
        gateway.register(CIRCUIT, policy);
        policy.policies[0] = Statements.POLICY_ID_LIMIT - 1;
        gateway.register(CIRCUIT, policy);
        policy.policies[0] = Statements.POLICY_ID_LIMIT;
        _refuse(policy, Acceptances.PoliciesInvalid.selector);
    }

    function test_Profiles() public {
        Acceptances.Policy memory policy = _policy();
        policy.services = new Acceptances.Services[](0);
        _refuse(policy, Acceptances.ProfilesInvalid.selector);
        // Two profiles, and whether they are taken.
        uint8[3][6] memory pairs =
            [[1, 2, 1], [2, 1, 0], [1, 1, 0], [2, 2, 0], [0, 1, 0], [1, 3, 0]];
        for (uint256 i = 0; i < pairs.length; i++) {
            policy.services = new Acceptances.Services[](2);
            for (uint256 j = 0; j < 2; j++) policy.services[j] = Acceptances.Services(pairs[i][j], _drvs(1));
            if (pairs[i][2] == 1) gateway.register(CIRCUIT, policy);
            else _refuse(policy, Acceptances.ProfilesInvalid.selector);
        }
        policy.services = new Acceptances.Services[](1);
        policy.services[0] = Acceptances.Services(2, _drvs(1));
        gateway.register(CIRCUIT, policy);
    }

    function test_Services() public {
        Acceptances.Policy memory policy = _policy();
        policy.services[0].drvs = _drvs(256);
        gateway.register(CIRCUIT, policy);
        policy.services[0].drvs = _drvs(257);
        _refuse(policy, Acceptances.ServicesInvalid.selector);
        policy.services[0].drvs = _drvs(0);
        _refuse(policy, Acceptances.ServicesInvalid.selector);
        policy.services[0].drvs = _drvs(3);
        policy.services[0].drvs[1] = policy.services[0].drvs[0];
        _refuse(policy, Acceptances.ServicesInvalid.selector);
        policy.services[0].drvs[1] = policy.services[0].drvs[2];
        _refuse(policy, Acceptances.ServicesInvalid.selector);
        policy.services[0].drvs = _drvs(2);
        (policy.services[0].drvs[0], policy.services[0].drvs[1]) =
            (policy.services[0].drvs[1], policy.services[0].drvs[0]);
        _refuse(policy, Acceptances.ServicesInvalid.selector);
    }

    /// @dev Off chain no age at all is written as a flag of zero, never as an age of zero.
    function test_ByChallengeAlone_IsWrittenAsOffChain() public {
        for (uint32 age = 0; age < 2; age++) {
            Acceptances.Policy memory policy = _policy();
            policy.responseAge = age;
            gateway.register(CIRCUIT, policy);
            (,, bytes memory encoded) = gateway.consumer(address(this));
            assertEq(uint8(encoded[FRESHNESS_AT]), age);
        }
    }

    function _policy() private pure returns (Acceptances.Policy memory policy) {
        (policy.clockSkew, policy.rootAge, policy.requestAge) = (60, 60, 600);
        policy.policies = _ascending(1);
        policy.services = new Acceptances.Services[](1);
        policy.services[0] = Acceptances.Services(1, _drvs(1));
    }

    function _ascending(uint256 count) private pure returns (uint256[] memory ids) {
        ids = new uint256[](count);
        for (uint256 i = 0; i < count; i++) ids[i] = POLICY + i;
    }

    function _drvs(uint256 count) private pure returns (bytes32[] memory drvs) {
        drvs = new bytes32[](count);
        for (uint256 i = 0; i < count; i++) drvs[i] = bytes32(i + 1);
    }

    function _refuse(Acceptances.Policy memory policy, bytes4 selector) private {
        vm.expectPartialRevert(selector);
        gateway.register(CIRCUIT, policy);
    }
}

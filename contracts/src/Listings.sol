// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Acceptances} from "./Acceptances.sol";
import {Statements} from "./Statements.sol";

/// @title What a consumer registered, kept as the code of a contract that does nothing
/// @notice Code is written once, and read for a tenth of what storage costs. Lists and the roots over them lie side by side.
/// @dev STOP ‖ circuit ‖ acceptance ‖ policies root ‖ services root of each profile, zero where none ‖ acceptance policy's bytes.
library Listings {
    struct Listing {
        bytes32 circuit;
        uint256 acceptance;
        uint256 policiesRoot;
        uint256[2] servicesRoots;
        bytes policy;
    }

    uint256 private constant FIXED = 32 * 5;
    /// @dev Offsets in an encoded acceptance policy.
    uint256 internal constant SKEW_AT = 66;
    uint256 internal constant ROOT_AGE_AT = 70;
    uint256 internal constant REQUEST_AGE_AT = 74;
    uint256 internal constant RESPONSE_AGE_AT = 79;
    uint256 private constant POLICIES_AT = 84;

    error ListingFailed();

    function write(bytes32 circuit, Acceptances.Policy calldata policy, bytes32 registryId)
        internal
        returns (address listing, uint256 acceptance)
    {
        bytes memory encoded = Acceptances.encode(policy, registryId);
        acceptance = Statements.field(abi.encodePacked("vouch-accept-v1", encoded));
        uint256[2] memory roots;
        for (uint256 i = 0; i < policy.services.length; i++) {
            roots[policy.services[i].profile - 1] = Statements.servicesRoot(policy.services[i].drvs);
        }
        uint256 policiesRoot = Statements.policiesRoot(policy.policies);
        bytes memory code = abi.encodePacked(hex"00", circuit, acceptance, policiesRoot, roots, encoded);
        // PUSH2 length, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0, RETURN: gives what follows these ten bytes back as the code.
        bytes memory creation = abi.encodePacked(hex"61", uint16(code.length), hex"80600a5f395ff3", code);
        assembly ("memory-safe") {
            listing := create(0, add(creation, 0x20), mload(creation))
        }
        if (listing == address(0)) revert ListingFailed();
    }

    function read(address listing) internal view returns (Listing memory found) {
        uint256 length = listing.code.length - 1 - FIXED;
        bytes memory policy = new bytes(length);
        found.policy = policy;
        assembly ("memory-safe") {
            extcodecopy(listing, add(policy, 0x20), add(1, FIXED), length)
        }
        bytes memory head = new bytes(FIXED);
        assembly ("memory-safe") {
            extcodecopy(listing, add(head, 0x20), 1, FIXED)
        }
        (found.circuit, found.acceptance, found.policiesRoot, found.servicesRoots) =
            abi.decode(head, (bytes32, uint256, uint256, uint256[2]));
    }

    /// @notice `u16 Q ‖ policy ids`, as a Request has them.
    function policies(bytes memory policy) internal pure returns (bytes memory) {
        return _slice(policy, POLICIES_AT, 2 + 32 * _uint16(policy, POLICIES_AT));
    }

    /// @notice `u16 S ‖ drvs` of a profile that the policy names, as a Request has them.
    function services(bytes memory policy, uint8 profile) internal pure returns (bytes memory) {
        uint256 offset = POLICIES_AT + 2 + 32 * _uint16(policy, POLICIES_AT) + 1;
        while (uint8(policy[offset]) != profile) offset += 3 + 32 * _uint16(policy, offset + 1);
        return _slice(policy, offset + 1, 2 + 32 * _uint16(policy, offset + 1));
    }

    /// @notice A big-endian number of four bytes.
    function uint32At(bytes memory policy, uint256 offset) internal pure returns (uint32 value) {
        assembly ("memory-safe") {
            value := shr(224, mload(add(add(policy, 0x20), offset)))
        }
    }

    function _uint16(bytes memory policy, uint256 offset) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := shr(240, mload(add(add(policy, 0x20), offset)))
        }
    }

    function _slice(bytes memory policy, uint256 offset, uint256 length) private pure returns (bytes memory slice) {
        slice = new bytes(length);
        assembly ("memory-safe") {
            mcopy(add(slice, 0x20), add(add(policy, 0x20), offset), length)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Envelopes} from "../src/Envelopes.sol";

/// @notice The longest payload that an envelope takes, and one byte more: too long for a vector.
contract EnvelopesTest {
    uint256 private constant LONGEST = 1024 * 1024;

    function test_TheLongestPayload() public view {
        this.decode(_envelope(LONGEST));
        try this.decode(_envelope(LONGEST + 1)) {
            revert("a payload past the longest was taken");
        } catch (bytes memory error) {
            require(bytes4(error) == Envelopes.EnvelopeMalformed.selector, "another error");
        }
    }

    function decode(bytes calldata envelope) external pure returns (uint256) {
        return Envelopes.decode(envelope).payload.length;
    }

    function _envelope(uint256 length) private pure returns (bytes memory) {
        return abi.encodePacked(
            bytes18("vouch-envelope-v1"),
            uint32(32),
            bytes32(0),
            uint32(8),
            uint64(1_800_000_000),
            uint32(32),
            bytes32(0),
            uint32(length),
            new bytes(length)
        );
    }
}

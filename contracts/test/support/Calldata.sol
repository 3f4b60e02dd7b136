// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Nodes} from "./Nodes.sol";

/// @notice Calldata as a client with a defect, or an adversary, would send it: cut, or with words that are none of the sender's.
abstract contract Calldata is Nodes {
    bytes4 private constant PANIC = 0x4e487b71;
    bytes4 private constant TEXT = 0x08c379a0;

    /// @notice All that a call could change.
    function fingerprint() internal view virtual returns (bytes32);

    /// @notice This very call, which succeeds, is refused without a word by the decoder wherever it is cut.
    function refuseCut(address target, bytes memory call_) internal {
        for (uint256 length = 0; length < call_.length; length = length < 4 ? length + 1 : length + 32) {
            assertEq(_refused(target, _slice(call_, length)).length, 0);
        }
        _succeeds(target, call_);
    }

    /// @notice This very call, which succeeds, is refused with any of its words replaced: each is signed, or says where others are.
    function refuseChanged(address target, bytes memory call_) internal {
        for (uint256 offset = 4; offset < call_.length; offset += 32) {
            uint256 honest = _word(call_, offset);
            uint256[6] memory wrong =
                [type(uint256).max, 1 << 255, 1 << 64, honest ^ (1 << 32), honest ^ 32, honest ^ 1];
            for (uint256 i = 0; i < wrong.length; i++) {
                if (wrong[i] == honest) continue;
                _setWord(call_, offset, wrong[i]);
                bytes4 why = bytes4(_refused(target, call_));
                assertTrue(why != PANIC && why != TEXT, "a word is not an error");
            }
            _setWord(call_, offset, honest);
        }
        _succeeds(target, call_);
    }

    /// @notice With this value in that word, the decoder refuses without a word: no such value is of the word's type.
    function refuseTyped(address target, bytes memory call_, uint256 word, uint256 value) internal {
        uint256 honest = _word(call_, 4 + 32 * word);
        _setWord(call_, 4 + 32 * word, value);
        assertEq(_refused(target, call_).length, 0);
        _setWord(call_, 4 + 32 * word, honest);
        _succeeds(target, call_);
    }

    function _refused(address target, bytes memory call_) private returns (bytes memory why) {
        bytes32 before = fingerprint();
        bool done;
        (done, why) = target.call(call_);
        assertTrue(!done, "took what nobody meant");
        assertTrue(fingerprint() == before, "changed by what it refused");
    }

    function _succeeds(address target, bytes memory call_) private {
        uint256 snapshot = vm.snapshotState();
        (bool done,) = target.call(call_);
        assertTrue(done, "the honest call");
        vm.revertToState(snapshot);
    }

    function _word(bytes memory call_, uint256 offset) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(call_, 0x20), offset))
        }
    }

    function _setWord(bytes memory call_, uint256 offset, uint256 word) private pure {
        assembly ("memory-safe") {
            mstore(add(add(call_, 0x20), offset), word)
        }
    }

    function _slice(bytes memory call_, uint256 length) private pure returns (bytes memory slice) {
        slice = new bytes(length);
        assembly ("memory-safe") {
            mcopy(add(slice, 0x20), add(call_, 0x20), length)
        }
    }
}
